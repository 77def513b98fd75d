using ValueStream.Server.Sources.Jenkins;

namespace ValueStream.Server.Tests.Sources.Jenkins;

public sealed class JobTests
{
    [Theory]
    [InlineData("https://ci.example.com/jenkins/job/acme/job/matrix/AXIS=x/12/", "acme/matrix/AXIS=x")]
    [InlineData("job/maven/org.acme$core/12/", "maven/org.acme$core")]
    [InlineData("job/acme/job/plain/12/", "acme/plain")]
    [InlineData("job/acme/job/feature%252Fx/12/?a=b#c=d", "acme/feature/x")]
    public void A_cell_of_a_matrix_and_a_module_are_jobs_of_their_own(string address, string name) => Assert.Equal(name, Job.OfAddress(address)!.FullName);
}
