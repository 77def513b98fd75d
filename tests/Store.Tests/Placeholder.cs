namespace ValueStream.Store.Tests;
