namespace ValueStream.Server.Tests;
