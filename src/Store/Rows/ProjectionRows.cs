namespace ValueStream.Store;

/// <summary>Where the projections of one slot stand. Moved by compare-and-set on (position, epoch).</summary>
internal sealed class CheckpointRow
{
    public required string Slot { get; set; }
    public long Position { get; set; }
    public long Epoch { get; set; }
    /// <summary>The version of the rules by which the slot was filled.</summary>
    public int Version { get; set; }

    /// <summary>The reporting zone in whose days the slot counts.</summary>
    public string Zone { get; set; } = "UTC";

    /// <summary>Whether queries read this slot. True for exactly one row.</summary>
    public bool Live { get; set; }

    /// <summary>Whether a rebuild is filling this slot.</summary>
    public bool Building { get; set; }
}

/// <summary>Who runs the projector; a lease on the database's clock.</summary>
internal sealed class LeadershipRow
{
    public int Id { get; set; }
    public required string Holder { get; set; }
    public long Epoch { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>An event that the projections of a slot could not take.</summary>
internal sealed class SetAsideRow
{
    public required string Slot { get; set; }
    public long Position { get; set; }
    public required string Problem { get; set; }
}

/// <summary>The dictionary of tags: the id is the hash of key and value.</summary>
internal sealed class TagRow
{
    public long Id { get; set; }
    public required string Key { get; set; }
    public required string Value { get; set; }
}

/// <summary>A term in which a word stands: a short tag, name or actor of the dictionary, or the word itself where a text has it.</summary>
internal sealed class WordRow
{
    /// <summary>The word, in lower case, at most 64 characters of it.</summary>
    public required string Word { get; set; }

    /// <summary>The term; <see cref="Projections.SearchTerms.OfKeys"/> where it stands in keys of tags.</summary>
    public long Term { get; set; }
}

/// <summary>A kind of work that runs repeat. There is a table for each slot.</summary>
internal sealed class OperationRow
{
    public long Key { get; set; }
    public required string Namespace { get; set; }
    public required string Type { get; set; }
    public required string Name { get; set; }

    /// <summary>The first of its runs' <see cref="RunRow.At"/>.</summary>
    public DateTimeOffset FirstAt { get; set; }

    /// <summary>The last of them.</summary>
    public DateTimeOffset LastAt { get; set; }
}

/// <summary>What runs of an operation add up to over a period. There is a table for each slot.</summary>
internal sealed class RollupRow
{
    /// <summary>Which series of the operation: see <c>RollupSeries</c>.</summary>
    public short Series { get; set; }

    /// <summary>Hours since 1970 UTC, or days since 1970 in the reporting zone.</summary>
    public int At { get; set; }

    public long Operation { get; set; }

    /// <summary>The tag whose runs these are; 0 in the series of all.</summary>
    public long Tag { get; set; }

    /// <summary>A <c>Tally</c>.</summary>
    public required byte[] Data { get; set; }
}

/// <summary>What administrators have set for an operation. There is a table for each slot.</summary>
internal sealed class OperationSettingRow
{
    /// <summary>The operation's key.</summary>
    public long Key { get; set; }

    public required string Namespace { get; set; }

    /// <summary>The settings as JSON.</summary>
    public required string Data { get; set; }
}
