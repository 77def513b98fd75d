using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using ValueStream.Store;

namespace ValueStream.Migrations.Postgres;

/// <summary>Gives <c>dotnet ef</c> the database's shape; it never connects.</summary>
public sealed class DesignTime : IDesignTimeDbContextFactory<Database>
{
    public Database CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<Database>()
        .UseNpgsql("Host=localhost", o => o.MigrationsAssembly("ValueStream.Migrations.Postgres"))
        .UseSnakeCaseNamingConvention()
        .Options);
}
