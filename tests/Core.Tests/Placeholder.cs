namespace ValueStream.Core.Tests;
