# The server, with the SDK that global.json names. The image listens on port 8080, so it needs VALUESTREAM_BOOTSTRAP_TOKEN.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/Server -c Release -o /app -p:RestoreLockedMode=true

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12
# Without a connection string the database is ./data/valuestream.db here: mount a volume to keep it.
WORKDIR /var/lib/valuestream
RUN mkdir data && chown $APP_UID data
COPY --from=build /app /app
# The base image's own unprivileged user.
USER $APP_UID
EXPOSE 8080
ENV ASPNETCORE_HTTP_PORTS=8080
ENTRYPOINT ["dotnet", "/app/ValueStream.Server.dll"]
