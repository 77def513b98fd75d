namespace ValueStream.Browser.Tests;
