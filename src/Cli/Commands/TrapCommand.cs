namespace ValueStream.Cli.Commands;

/// <summary>
/// <c>eval "$(vscli trap ...)"</c>: starts a run and prints shell code that ends it with the script's exit status.
/// </summary>
internal static class TrapCommand
{
    public static void Run(string[] words, DateTimeOffset now)
    {
        var arguments = Arguments.Parse(words, StartedRun.Flags);
        if (arguments.Help)
        {
            // stdout is evaluated by a shell, for which nothing is a command that succeeds.
            Talk.Plain(Help.Trap);
            return;
        }
        arguments.SayProblems();
        var folder = StateFolder.Find();
        var openRuns = new OpenRuns(folder);
        var started = StartedRun.From(arguments, openRuns, now);
        var settings = Settings.From(arguments);
        List<string> end =
            [Environment.ProcessPath ?? "vscli", "event", "-type=" + started.Run.Type, "-namespace=" + started.Run.Namespace];
        foreach (var flag in Settings.Flags)
        {
            if (arguments.Text(flag.Name) is { } value)
            {
                end.Add($"-{flag.Name}={value}");
            }
        }
        end.AddRange(["end", "-event-id=" + started.Run.Id]);
        started.Begin(settings, openRuns, new Spool(folder), () => Talk.Data(Code(started.Run, StartedRun.Context(arguments, started.Event.Run).ToString(), end, folder)));
        openRuns.Tidy(now);
    }

    /// <summary>
    /// The shell code: POSIX, safe under <c>set -eu</c>, its names made unique by the run's id so that it may be there twice.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="context">The run as W3C's trace context.</param>
    /// <param name="end">The command that ends it, to which <c>-exit-code</c> is added.</param>
    /// <param name="folder">The state folder, null when there is none.</param>
    public static string Code(OpenRun run, string context, List<string> end, string? folder)
    {
        var id = run.Id;
        var command = string.Join(' ', end.ConvertAll(Quote));
        var listing = Quote(folder is null ? "/dev/null" : Path.Combine(folder, "traps-" + id));
        // The traps that the script has already: bash lists them in a command substitution, other shells only to a file. The list
        // begins with the EXIT trap if there is one, as a command that sets it; "vs_take" in the place of its first word reads it,
        // and the rest sets the other traps to what they are. In a subshell bash lists its parent's traps, which are not to run there.
        // "command", because a shell dies of a redirection that fails on a special built-in.
        //
        // The EXIT trap ends the run once, then runs the script's own with the same $? (as the status of a condition, which set -e
        // lets pass). A shell killed by a signal would report the status of the command before (bash) or run no EXIT trap (dash), so
        // TERM, HUP and INT end the run and are then raised again, unless the script has traps for them. The price is that of any
        // trap: the shell acts on the signal when the command that it waits for is over. As without us, bash goes on when that command
        // took the INT for itself (an editor, psql). $$ is not a subshell's own id: $BASHPID
        // is, or $PPID of its child.
        return $$"""
            TRACEID={{Quote(id)}}; {{StartedRun.ParentVariable}}={{Quote(OpenRuns.Rendering(run))}}; {{StartedRun.ContextVariable}}={{Quote(context)}}
            export TRACEID {{StartedRun.ParentVariable}} {{StartedRun.ContextVariable}}
            vs_exit_{{id}}=; vs_done_{{id}}=; vs_traps_{{id}}=
            vs_take_{{id}}() { if [ "${3-}" = EXIT ]; then vs_exit_{{id}}=$2; fi; }
            vs_end_{{id}}() {
              if [ -z "$vs_done_{{id}}" ]; then
                vs_done_{{id}}=1
                {{command}} -exit-code="${vs_signalled:-$1}" </dev/null >/dev/null || :
              fi
              return "$1"
            }
            vs_signal_{{id}}() {
              vs_signalled=$2
              vs_end_{{id}} "$2" || :
              trap - "$1"
              if [ -n "${BASHPID-}" ]; then kill -s "$1" "$BASHPID"; else sh -c 'kill -s "$1" "$PPID"' sh "$1"; fi
            }
            vs_interrupt_{{id}}() {
              if [ -z "${BASH_VERSION-}" ] || [ "$1" = 130 ] || [ "$(type -t "${BASH_COMMAND%% *}")" != file ]; then
                vs_signal_{{id}} INT 130
              fi
            }
            if [ -n "${BASH_VERSION-}" ]; then
              [ "$BASH_SUBSHELL" != 0 ] || vs_traps_{{id}}=$(trap)
            else
              command trap 2>/dev/null >{{listing}} && vs_traps_{{id}}=$(cat {{listing}}) || :
              rm -f {{listing}} 2>/dev/null || :
            fi
            case $vs_traps_{{id}} in 'trap -- '*) eval "vs_take_{{id}}${vs_traps_{{id}}#trap}" ;; esac
            trap 'if vs_end_{{id}} "$?"; then eval "$vs_exit_{{id}}"; else eval "$vs_exit_{{id}}"; fi' EXIT
            case $- in *i*) ;; *)
              case $vs_traps_{{id}} in *TERM*) ;; *) trap 'vs_signal_{{id}} TERM 143' TERM ;; esac
              case $vs_traps_{{id}} in *HUP*) ;; *) trap 'vs_signal_{{id}} HUP 129' HUP ;; esac
              case $vs_traps_{{id}} in *INT*) ;; *) trap 'vs_interrupt_{{id}} "$?"' INT ;; esac
            esac
            """;
    }

    /// <summary>A word that a shell takes as it is.</summary>
    public static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
