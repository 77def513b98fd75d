using System.Data.Common;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace ValueStream.Store.Engines;

/// <summary>
/// A statement that writes many rows: on Postgres one <c>INSERT ... SELECT unnest</c> over arrays, or a COPY where all rows are
/// new; on SQLite one prepared statement run for each row.
/// </summary>
/// <param name="table">The table, where all slots share the columns without its slot.</param>
/// <param name="columns">The columns written.</param>
internal sealed class Bulk<T>(string table, params Column<T>[] columns)
{
    private readonly string _columns = string.Join(", ", columns.Select(static c => c.Name));

    /// <summary>How many columns it writes.</summary>
    public int Count => columns.Length;

    /// <summary>The same columns of another table.</summary>
    public Bulk<T> Of(string other) => new(other, columns);

    /// <summary>The table without its slot.</summary>
    public string Table => table;

    /// <summary>The columns' names, separated by commas.</summary>
    public string Columns => _columns;

    /// <summary>The columns of a table's row are those of the keys: a join's condition.</summary>
    public string IsKey(string row, string keys) => string.Join(" AND ", columns.Select(c => $"{row}.{c.Name} = {keys}.{c.Name}"));

    /// <summary>The columns of a row are the parameters of <see cref="SqliteCommand"/>'s order.</summary>
    public string IsParameters { get; } = string.Join(" AND ", columns.Select(static (c, i) => $"{c.Name} = @p{i}"));

    /// <summary>Adds the statement to a batch on Postgres.</summary>
    /// <param name="rows">The rows, at least one.</param>
    /// <param name="onConflict">What follows the rows, for example <c>ON CONFLICT DO NOTHING</c>.</param>
    /// <param name="slot">Appended to the table's name.</param>
    public NpgsqlBatchCommand Postgres(IReadOnlyList<T> rows, string onConflict = "", string slot = "")
    {
        var command = new NpgsqlBatchCommand($"INSERT INTO {table}{slot} ({_columns}) SELECT {PostgresRows(1)} {onConflict}");
        AddArrays(command.Parameters, rows);
        return command;
    }

    /// <summary>Copies rows on Postgres, none of which may be there yet.</summary>
    public async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<T> rows, string slot, CancellationToken cancellationToken)
    {
        await using var importer = await connection.BeginBinaryImportAsync($"COPY {table}{slot} ({_columns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var row in rows)
        {
            await importer.StartRowAsync(cancellationToken);
            foreach (var column in columns)
            {
                await column.CopyAsync(importer, row, cancellationToken);
            }
        }
        await importer.CompleteAsync(cancellationToken);
    }

    /// <summary>The parameters of <see cref="AddArrays"/> as arguments of <c>unnest</c>.</summary>
    /// <param name="first">The number of the first of them.</param>
    public string PostgresArrays(int first) => string.Join(", ", columns.Select((c, i) => $"${first + i}::{c.PostgresType}[]"));

    /// <summary>The rows of <see cref="AddArrays"/> as what is selected. As a table of <c>unnest</c>, which is kept whole before it is read, appending takes an eighth longer.</summary>
    /// <param name="first">The number of the first parameter.</param>
    public string PostgresRows(int first) => string.Join(", ", columns.Select((c, i) => c.Selected($"unnest(${first + i}::{c.PostgresType}[])")));

    /// <summary>Adds one array for each column.</summary>
    public void AddArrays(NpgsqlParameterCollection parameters, IReadOnlyList<T> rows)
    {
        foreach (var column in columns)
        {
            parameters.Add(column.NewParameter());
        }
        FillArrays(parameters, parameters.Count - columns.Length, rows);
    }

    /// <summary>Gives the parameters that <see cref="AddArrays"/> added the values of other rows.</summary>
    /// <param name="parameters">Where they are.</param>
    /// <param name="first">The place of the first of them.</param>
    /// <param name="rows">The rows.</param>
    public void FillArrays(NpgsqlParameterCollection parameters, int first, IReadOnlyList<T> rows)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i].Fill(parameters[first + i], rows);
        }
    }

    /// <summary>The statement on SQLite, prepared.</summary>
    public SqliteCommand SqliteCommand(SqliteConnection connection, string onConflict = "", string slot = "") => Prepared(connection,
        $"INSERT INTO {table}{slot} ({_columns}) VALUES ({string.Join(", ", columns.Select(static (_, i) => $"@p{i}"))}) {onConflict}");

    /// <summary>Any statement on SQLite with one parameter for each column, prepared.</summary>
    public SqliteCommand Prepared(SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < columns.Length; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i}" });
        }
        command.Prepare();
        return command;
    }

    /// <summary>Runs the statement for each row on SQLite.</summary>
    /// <param name="command">From <see cref="SqliteCommand"/>.</param>
    /// <param name="transaction">The transaction of the command's connection.</param>
    /// <param name="rows">The rows; none is fine.</param>
    public void Sqlite(SqliteCommand command, SqliteTransaction transaction, IReadOnlyList<T> rows)
    {
        command.Transaction = transaction;
        foreach (var row in rows)
        {
            Fill(command, row);
            command.ExecuteNonQuery();
        }
    }

    /// <summary>Gives a command of <see cref="Prepared"/> the values of a row.</summary>
    public void Fill(SqliteCommand command, T row)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            command.Parameters[i].Value = columns[i].Value(row) ?? DBNull.Value;
        }
    }

    /// <summary>The part of an upsert that takes all new values, for example <c>name = excluded.name, ...</c>.</summary>
    public string SetExcluded(params string[] except) =>
        string.Join(", ", columns.Where(c => !except.Contains(c.Name)).Select(static c => $"{c.Name} = excluded.{c.Name}"));
}

/// <summary>A column of a <see cref="Bulk{T}"/>.</summary>
internal abstract class Column<T>(string name, string postgresType)
{
    public string Name => name;

    /// <summary>Its type where all rows' values travel as one array.</summary>
    public string PostgresType => postgresType;

    /// <summary>SQL: the column's value, of one out of that array.</summary>
    public virtual string Selected(string one) => one;

    /// <summary>The value for SQLite.</summary>
    public abstract object? Value(T row);

    /// <summary>Writes the value to a COPY.</summary>
    public abstract Task CopyAsync(NpgsqlBinaryImporter importer, T row, CancellationToken cancellationToken);

    /// <summary>An array parameter.</summary>
    public abstract NpgsqlParameter NewParameter();

    /// <summary>Gives a parameter of <see cref="NewParameter"/> the values of all rows.</summary>
    public abstract void Fill(NpgsqlParameter parameter, IReadOnlyList<T> rows);

    public static Column<T> Long(string name, Func<T, long> value) => new Of<long>(name, "bigint", NpgsqlDbType.Bigint, value);

    public static Column<T> Long(string name, Func<T, long?> value) => new Of<long?>(name, "bigint", NpgsqlDbType.Bigint, value);

    public static Column<T> Int(string name, Func<T, int> value) => new Of<int>(name, "integer", NpgsqlDbType.Integer, value);

    public static Column<T> Int(string name, Func<T, int?> value) => new Of<int?>(name, "integer", NpgsqlDbType.Integer, value);

    public static Column<T> Short(string name, Func<T, short> value) => new Of<short>(name, "smallint", NpgsqlDbType.Smallint, value);

    public static Column<T> Short(string name, Func<T, short?> value) => new Of<short?>(name, "smallint", NpgsqlDbType.Smallint, value);

    public static Column<T> Flag(string name, Func<T, bool> value) => new Of<bool>(name, "boolean", NpgsqlDbType.Boolean, value);

    public static Column<T> Text(string name, Func<T, string?> value) => new Of<string?>(name, "text", NpgsqlDbType.Text, value);

    public static Column<T> Bytes(string name, Func<T, byte[]?> value) => new Of<byte[]?>(name, "bytea", NpgsqlDbType.Bytea, value);

    public static Column<T> Time(string name, Func<T, DateTimeOffset> value) => Long(name, row => Micros.Of(value(row)));

    public static Column<T> Time(string name, Func<T, DateTimeOffset?> value) => Long(name, row => value(row) is { } time ? Micros.Of(time) : null);

    public static Column<T> Longs(string name, Func<T, long[]> value) => new LongsColumn(name, value);

    public static Column<T> Uuid(string name, Func<T, Guid> value) => new UuidColumn(name, value);

    private class Of<TValue>(string name, string postgresType, NpgsqlDbType type, Func<T, TValue> value) : Column<T>(name, postgresType)
    {
        public override object? Value(T row) => value(row);

        public override Task CopyAsync(NpgsqlBinaryImporter importer, T row, CancellationToken cancellationToken) =>
            value(row) is { } written ? importer.WriteAsync(written, type, cancellationToken) : importer.WriteNullAsync(cancellationToken);

        public override NpgsqlParameter NewParameter() => new NpgsqlParameter<TValue[]> { NpgsqlDbType = NpgsqlDbType.Array | type };

        public override void Fill(NpgsqlParameter parameter, IReadOnlyList<T> rows)
        {
            var values = new TValue[rows.Count];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = value(rows[i]);
            }
            ((NpgsqlParameter<TValue[]>)parameter).TypedValue = values;
        }
    }

    /// <summary>A list of numbers: on Postgres an array, which must travel as text where it is one of many; on SQLite a JSON text.</summary>
    private sealed class LongsColumn(string name, Func<T, long[]> value) : Of<string>(name, "text", NpgsqlDbType.Text, row => $"{{{string.Join(',', value(row))}}}")
    {
        public override string Selected(string one) => $"{one}::bigint[]";

        public override object? Value(T row) => $"[{string.Join(',', value(row))}]";

        public override Task CopyAsync(NpgsqlBinaryImporter importer, T row, CancellationToken cancellationToken) =>
            importer.WriteAsync(value(row), NpgsqlDbType.Array | NpgsqlDbType.Bigint, cancellationToken);
    }

    private sealed class UuidColumn(string name, Func<T, Guid> value) : Of<Guid>(name, "uuid", NpgsqlDbType.Uuid, value)
    {
        public override object? Value(T row) => ((Guid)base.Value(row)!).ToByteArray(bigEndian: true);
    }
}

/// <summary>Small helpers over ADO.NET.</summary>
internal static class Commands
{
    /// <summary>A column of <see cref="Column{T}.Longs"/>.</summary>
    public static long[] GetLongs(this DbDataReader reader, int column) => reader.GetFieldType(column) == typeof(string)
        ? JsonSerializer.Deserialize<long[]>(reader.GetString(column))! : reader.GetFieldValue<long[]>(column);

    /// <summary>A command within a transaction, with parameters named as given.</summary>
    public static DbCommand Command(this DbConnection connection, DbTransaction? transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }
        return command;
    }

    /// <summary>Runs a statement and tells how many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(
        this DbConnection connection, DbTransaction? transaction, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Command(transaction, sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
