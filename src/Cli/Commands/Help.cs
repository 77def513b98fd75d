namespace ValueStream.Cli.Commands;

/// <summary>The help texts, each with examples.</summary>
internal static class Help
{
    /// <summary>Of vscli.</summary>
    public const string All = """
        vscli records what scripts do, and never fails them.

          vscli event start|end   record the start or the end of a run
          vscli trap              record the whole script: ends with its exit status
          vscli flush             send what could not be sent before
          vscli COMMAND --help    flags and examples

        The shortest use, two lines at the top of a script:
          eval "$(vscli trap -type=pipeline -tag='service|api')"
          BUILD="$(vscli event -type=build start)"; docker build .; vscli event end -event-id="$BUILD" -exit-code=$?

        VALUESTREAM_URL    the server (http://127.0.0.1:5000)
        VALUESTREAM_TOKEN  its token, if it wants one
        VALUESTREAM_SPOOL  the folder for open runs and unsent events (~/.local/state/vscli)
        """;

    private const string Common = """
          -type TYPE             kind of work (deploy)
          -namespace NAME        owner (default)
          -tag 'KEY|VALUE'       repeatable
          -name NAME             name of the run (tag service, the parent's name, the script's name)
          -actor WHO             who did it (the user)
          -reason WHY
          -parent-event-id ID    repeatable: the first is the parent, the others were before it ($VS_PARENT_EVENT_ID)
          -url URL               server ($VALUESTREAM_URL)
          -event-source-url URL  upstream's intake ($VS_CUSTOM_HTTP_EVENT_SOURCE_URL)
        """;

    /// <summary>Of event.</summary>
    public const string Event = $"""
        vscli event [flags] start|end [flags]

          TRACEID="$(vscli event -tag='service|api' -type=pipeline start)"
          BUILD="$(vscli event -type=build start -parent-event-id="$TRACEID")"
          docker build .
          vscli event end -event-id="$BUILD" -exit-code=$?
          vscli event end -event-id="$TRACEID"

        {Common}
        end also takes:
          -event-id ID           what start printed
          -exit-code N           0 is success, anything else failure
          -error                 failure
          -outcome OUTCOME       success, failure, error, timeout, cancellation, skip
        """;

    /// <summary>Of trap.</summary>
    public const string Trap = $"""
        eval "$(vscli trap [flags])"

          #!/bin/sh
          set -eu
          eval "$(vscli trap -type=pipeline -tag='service|api')"
          BUILD="$(vscli event -type=build start)"   # a child of the script's run

        Exports TRACEID and VS_PARENT_EVENT_ID, and ends the run with the script's exit status.
        The script's own EXIT trap still runs; set one before this line, not after it.

        {Common}
        """;

    /// <summary>Of flush.</summary>
    public const string Flush = """
        vscli flush [-url URL]

          vscli flush    # sends what waits in the spool, for up to 60 s, and says how much is left
        """;
}
