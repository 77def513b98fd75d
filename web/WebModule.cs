using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.WebEncoders;
using ValueStream.Web.Pages.Shared;

namespace ValueStream.Web;

/// <summary>The dashboard, as a host adds it.</summary>
public static class WebModule
{
    /// <summary>What the pages may load and do: their own style sheet and script, nothing inline, nobody's frame.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Registers the pages. They need the store's queries, an <see cref="ISystemStatus"/> and an <see cref="ITracerStatus"/>. A host that has
    /// something to say on every page registers its <see cref="SiteNotice"/> before, and one where something can be set its <see cref="Administering"/>.</summary>
    public static IServiceCollection AddValueStreamWeb(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new SiteNotice(null));
        services.TryAddSingleton(new Administering(static _ => "This host lets nobody set anything."));
        services.AddHttpContextAccessor();
        services.AddScoped<Clock>();
        // Pages and their tables alone: what is streamed must not be held back.
        services.AddResponseCompression(static options =>
        {
            options.EnableForHttps = true;
            options.MimeTypes = ["text/html", "text/csv"];
        });
        services.AddRazorPages(static options => options.Conventions.ConfigureFilter(new PageHeaders()))
            .AddApplicationPart(typeof(WebModule).Assembly);
        // Names in any script stay as they are in the page; what HTML treats specially is encoded as ever.
        services.Configure<WebEncoderOptions>(static options => options.TextEncoderSettings = new TextEncoderSettings(UnicodeRanges.All));
        return services;
    }

    /// <summary>Compresses pages for browsers that can take it.</summary>
    public static void UseValueStreamWeb(this IApplicationBuilder app) => app.UseResponseCompression();

    /// <summary>Maps the pages and their assets.</summary>
    /// <returns>The pages, for conventions such as authorisation.</returns>
    public static PageActionEndpointConventionBuilder MapValueStreamWeb(this IEndpointRouteBuilder endpoints)
    {
        Assets.Map(endpoints);
        return endpoints.MapRazorPages();
    }

    /// <summary>The headers of every page.</summary>
    private sealed class PageHeaders : IResultFilter
    {
        public void OnResultExecuting(ResultExecutingContext context)
        {
            var headers = context.HttpContext.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers.CacheControl = "private, no-cache";
        }

        public void OnResultExecuted(ResultExecutedContext context)
        {
        }
    }
}
