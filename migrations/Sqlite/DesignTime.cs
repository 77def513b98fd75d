using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using ValueStream.Store;

namespace ValueStream.Migrations.Sqlite;

/// <summary>Gives <c>dotnet ef</c> the database's shape; it never connects.</summary>
public sealed class DesignTime : IDesignTimeDbContextFactory<Database>
{
    public Database CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<Database>()
        .UseSqlite("Data Source=:memory:", o => o.MigrationsAssembly("ValueStream.Migrations.Sqlite"))
        .UseSnakeCaseNamingConvention()
        .Options);
}
