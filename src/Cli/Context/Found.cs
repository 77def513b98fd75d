namespace ValueStream.Cli.Context;

/// <summary>Tags that were found and not given: of a key the first value stays, and long ones are cut without a word.</summary>
internal sealed class Found : Dictionary<string, string>
{
    private const int LongestValue = 2048;

    /// <summary>Adds a value, if there is one.</summary>
    public void Note(string key, string? value)
    {
        if (value.AsSpan().Trim() is { Length: > 0 } text)
        {
            TryAdd(key, (text.Length > LongestValue ? text[..LongestValue] : text).ToString());
        }
    }

    /// <summary>Adds an address, without credentials.</summary>
    public void NoteUrl(string key, string? url) => Note(key, url is null ? null : Secrets.Mask(url));

    /// <summary>Adds a branch or a tag, and which of the two it is.</summary>
    public void NoteHead(string type, string? name)
    {
        Note("vcs.ref.head.name", name);
        if (!string.IsNullOrWhiteSpace(name))
        {
            Note("vcs.ref.head.type", type);
        }
    }

    /// <summary>Adds the change (a pull or merge request) that is being built, and the branch that it is to be merged into.</summary>
    public void NoteChange(string? id, string? title, string? into)
    {
        Note("vcs.change.id", id);
        Note("vcs.change.title", title);
        Note("vcs.ref.base.name", into);
        if (!string.IsNullOrWhiteSpace(into))
        {
            Note("vcs.ref.base.type", "branch");
        }
    }

    /// <summary>Adds what an address of a repository says.</summary>
    public void NoteRepository(string? url)
    {
        if (RepositoryUrl.Parse(url) is { } repository)
        {
            Note("vcs.repository.url.full", repository.Full);
            Note("vcs.repository.name", repository.Name);
            Note("vcs.owner.name", repository.Owner);
            Note("vcs.provider.name", repository.Provider);
        }
    }
}
