using System.Security.Cryptography;
using System.Text;
using ValueStream.Core.Events;
using ValueStream.Server.Sources;
using static ValueStream.Server.Tests.Sources.Jira.Said;

namespace ValueStream.Server.Tests.Sources.Jira;

public sealed class JiraDeliveryTests
{
    [Theory]
    [InlineData("sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9", SignatureCheck.Right)]
    [InlineData("sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c8", SignatureCheck.Wrong)]
    [InlineData("sha1=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9", SignatureCheck.Wrong)]
    [InlineData("sha256=a4771c", SignatureCheck.Wrong)]
    [InlineData(null, SignatureCheck.Missing)]
    public void A_delivery_is_signed_as_Atlassian_documents_it(string? signature, SignatureCheck expected)
    {
        var headers = signature is null ? new Dictionary<string, string>() : new() { ["X-Hub-Signature"] = signature };
        var webhook = new Webhook(headers, "Hello World!"u8.ToArray(), default);

        Assert.Equal(expected, Jira.Verify(webhook, ["other", "It's a Secret to Everybody"], DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void A_body_altered_by_one_byte_is_not_signed()
    {
        var body = Encoding.UTF8.GetBytes(Created());
        var headers = new Dictionary<string, string> { ["X-Hub-Signature"] = $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData("s"u8, body))}" };
        Assert.Equal(SignatureCheck.Right, Jira.Verify(new(headers, body, default), ["s"], DateTimeOffset.UnixEpoch));

        body[^3] ^= 1;

        Assert.Equal(SignatureCheck.Wrong, Jira.Verify(new(headers, body, default), ["s"], DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void A_delivery_is_known_again_by_Atlassians_identifier_and_else_by_its_body()
    {
        Assert.Equal("81b6e8", Jira.DeliveryId(Trial.Webhook(Created(), ("x-atlassian-webhook-identifier", "81b6e8"), ("X-Atlassian-Webhook-Retry", "2"))));
        Assert.Null(Jira.DeliveryId(Trial.Webhook(Created())));
    }

    [Fact]
    public void The_source_has_one_name_everywhere()
    {
        Assert.Equal("jira", Jira.Name);
        Assert.Contains(AllSources.All, static s => s.Name == "jira");
        Assert.All(Jira.Read(Trial.Webhook(Created())).Events, static e => Assert.Equal(SourceNames.Jira, e.Run.Source));
    }

    [Fact]
    public void Whatever_becomes_of_a_payload_is_taken()
    {
        var everything = """
            "description": { "type": "doc", "content": [ { "type": "text", "text": "WEB-7", "marks": [ { "attrs": { "href": "https://x/acme/shop/issues/4" } } ] } ] },
            "labels": ["a"], "components": [{ "name": "b" }], "fixVersions": [{ "name": "c" }], "assignee": { "displayName": "Cy" }, "resolution": { "name": "Done" },
            "parent": { "key": "ABC-1", "fields": { "issuetype": { "name": "Epic", "hierarchyLevel": 1 } } }, "customfield_10014": "ABC-2", "epic": { "key": "ABC-4" },
            "issuelinks": [ { "outwardIssue": { "key": "WEB-7" } } ], "customfield_1": [ { "id": 3, "state": "active" }, "greenhopper.service.sprint.Sprint@1[id=3,x]" ],
            "statuscategorychangedate": "2024-05-01T00:00:00.000+0000", "resolutiondate": "2024-05-01T00:00:00.000+0000",
            """;
        var changes = $"{Move("a", "b")}, {Change("Key", "OLD-1", "ABC-12")}, {Change("Sprint", "1", "1, 2")}, {Change("Epic Link", null, "ABC-9")}, {Change("resolution", null, "Done")}, {Change("labels", "a", "")}";
        string[] payloads =
        [
            Created(fields: everything), Moved(3, "a", "b", fields: everything), Moved(3, "a", "b", "done", everything), Issue("updated", 3, "b", "new", changes, everything),
            Issue("updated", 3, "b", "done", fields: everything, more: "\"comment\": { \"body\": \"WEB-1\" },"), Issue("deleted", 3, "b", "new", changes, everything),
            JiraSprintTests.Hook("sprint_started", 2, "active"), JiraSprintTests.Hook("sprint_updated", 2, "active", old: "closed"),
            JiraSprintTests.Hook("sprint_closed", 2, "closed", $"\"completeDate\": \"{Text(Day(14))}\","), JiraSprintTests.Hook("sprint_deleted", 2, "active"),
            """{ "webhookEvent": "comment_updated", "comment": { "body": "WEB-1", "updated": "2024-05-01T00:00:00.000+0000" }, "issue": { "key": "ABC-12" } }""",
        ];
        foreach (var (payload, seed) in payloads.Select(static (p, i) => (p, i)))
        {
            Trial.TakesWhateverComes(Jira, payload, [], 300, seed);
        }
    }

    [Fact]
    public void A_deep_document_is_read()
    {
        var deep = string.Concat(Enumerable.Repeat("{ \"content\": [ ", 55)) + "{ \"text\": \"WEB-7\" }" + string.Concat(Enumerable.Repeat(" ] }", 55));

        Assert.Equal(["Names WEB-7"], Assert.Single(Attempts(Created(fields: $"\"description\": {deep},"))).Notes);
    }
}
