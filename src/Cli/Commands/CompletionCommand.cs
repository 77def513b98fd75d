using System.Text;

namespace ValueStream.Cli.Commands;

/// <summary><c>vscli completion bash|zsh</c>: prints a script that completes commands, flags and fixed values.</summary>
internal static class CompletionCommand
{
    /// <summary>The shells that it knows.</summary>
    public const string Shells = "bash zsh";

    public static int Run(string[] words)
    {
        var arguments = Query.Parse("completion", words, [], most: 1);
        if (arguments.Help)
        {
            Talk.Data(Help.Completion);
            return Query.Done;
        }
        using var output = new Output();
        output.Text(arguments.Words switch
        {
            ["bash"] => Bash(CommandTable.All),
            ["zsh"] => Zsh(CommandTable.All),
            _ => throw new CouldNotException("say for which shell: `vscli completion bash` or `vscli completion zsh`; `vscli completion --help` has examples"),
        });
        output.Flush();
        return Query.Done;
    }

    /// <summary>For bash 4 and later.</summary>
    public static string Bash(Command[] commands) => $$"""
        # vscli completion bash
        _vscli() {
          local current=$2 before=$3 prefix= flags= switches= values= words= file= name=
          COMPREPLY=()
          if (( COMP_CWORD == 1 )); then
            COMPREPLY=( $(compgen -W '{{Names(commands)}}' -- "$current") )
            return
          fi
          # bash parts words at =, unless COMP_WORDBREAKS says otherwise.
          case $current in
            =) current= ;;
            -*=*) before=${current%%=*} prefix=${current%%=*}= current=${current#*=} ;;
            *) if [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi ;;
          esac
          case $before in --*) before=${before#-} ;; esac
        {{Cases(commands, "${COMP_WORDS[1]}")}}
          if [[ " $flags " == *" $before "* && " $switches " != *" $before "* ]]; then
            if [[ -n $values ]]; then
              COMPREPLY=( $(compgen -P "$prefix" -W "$values" -- "$current") )
            else
              compopt -o default 2>/dev/null
            fi
          elif [[ $current == --* ]]; then
            COMPREPLY=( $(compgen -P - -W "$flags" -- "${current#-}") )
          elif [[ $current == -* ]]; then
            COMPREPLY=( $(compgen -W "$flags" -- "$current") )
          else
            COMPREPLY=( $(compgen -W "$words" -- "$current") )
            if [[ -n $file ]]; then
              # Beside the words that fit; where none does, bash looks for files itself.
              if (( ${#COMPREPLY[@]} )); then
                while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$current")
                compopt -o filenames 2>/dev/null
              fi
              compopt -o default 2>/dev/null
            fi
          fi
        }
        complete -F _vscli vscli

        """;

    /// <summary>For zsh.</summary>
    public static string Zsh(Command[] commands) => $$"""
        #compdef vscli
        # vscli completion zsh
        _vscli() {
          local current=${words[CURRENT]} before=${words[CURRENT-1]} command=${words[2]} flags= switches= values= fixed= file=
          if (( CURRENT == 2 )); then
            compadd -- {{Names(commands)}}
            return
          fi
          if [[ $current == -*=* ]]; then
            before=${current%%=*}
            compset -P '*='
          fi
          case $before in --*) before=${before#-} ;; esac
        {{Cases(commands, "$command").Replace(" words=", " fixed=", StringComparison.Ordinal)}}
          if [[ " $flags " == *" $before "* && " $switches " != *" $before "* ]]; then
            if [[ -n $values ]]; then compadd -- ${=values}; else _files; fi
          elif [[ $current == --* ]]; then
            compadd -- -${^=flags}
          elif [[ $current == -* ]]; then
            compadd -- ${=flags}
          else
            if [[ -n $fixed ]]; then compadd -- ${=fixed}; fi
            if [[ -n $file ]]; then _files; fi
          fi
        }
        if ! (( $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
        compdef _vscli vscli

        """;

    private static string Names(Command[] commands) => string.Join(' ', commands.Select(c => c.Name));

    /// <summary>What each command knows, and the fixed values of its flags; both shells read it.</summary>
    private static string Cases(Command[] commands, string command)
    {
        var text = new StringBuilder($"  case {command} in\n");
        foreach (var known in commands)
        {
            // What is taken and ignored is offered to nobody.
            var flags = known.Flags.Where(f => f.Name != "secret-key").ToList();
            text.Append("    ").Append(known.Name).Append(known.Name == "event" ? "|ev" : "").Append(") flags='")
                .AppendJoin(' ', flags.Select(f => "-" + f.Name).Append("-help")).Append("' switches='")
                .AppendJoin(' ', flags.Where(f => f.IsSwitch).Select(f => "-" + f.Name).Append("-help")).Append('\'')
                .Append(known.Words.Length > 0 ? $" words='{known.Words}'" : "").Append(known.TakesFile ? " file=1" : "").Append('\n');
            var fix = flags.Where(f => f.Values is not null).ToList();
            if (fix.Count > 0)
            {
                text.Append("      case $before in\n");
                foreach (var flag in fix)
                {
                    text.Append("        -").Append(flag.Name).Append(") values='").Append(flag.Values).Append("' ;;\n");
                }
                text.Append("      esac\n");
            }
            text.Append("      ;;\n");
        }
        return text.Append("  esac").ToString();
    }
}
