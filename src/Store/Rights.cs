using Microsoft.EntityFrameworkCore;

namespace ValueStream.Store;

/// <summary>Whether the role that this server connects as may do a server's work.</summary>
internal static class Rights
{
    /// <summary>
    /// Looks for tables that were forgotten, as a grant that did not follow a migration leaves them: there is none that the server does not both
    /// read and write. SQLite has no roles.
    /// </summary>
    /// <exception cref="MissingRightsException">There are some.</exception>
    public static async Task CheckAsync(Database database, CancellationToken cancellationToken)
    {
        if (!database.Database.IsNpgsql())
        {
            return;
        }
        var tables = database.Model.GetEntityTypes().Select(static e => e.GetTableName()!).Order(StringComparer.Ordinal).ToArray();
        // Several rights in one text mean any of them.
        var closed = await database.Database.SqlQuery<string>($"""
            SELECT name AS "Value" FROM unnest({tables}) AS name WHERE NOT has_table_privilege(name, 'SELECT') OR NOT has_any_column_privilege(name, 'INSERT, UPDATE')
            """).ToListAsync(cancellationToken);
        if (closed.Count > 0)
        {
            throw new MissingRightsException($"It may not use {string.Join(", ", closed)}.");
        }
    }
}

/// <summary>The database's role lacks rights that the server needs; the message says which.</summary>
public sealed class MissingRightsException(string message) : Exception(message);
