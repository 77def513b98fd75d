// The part of `vscli run` that cannot be written in C#: a handler of a signal must not be managed code, nor may what runs between fork and exec;
// and what was ignored when vscli began is known only before the runtime starts, which ignores SIGPIPE. The command's words are passed on as
// the bytes that they came as, whatever their encoding.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char **words;
static sigset_t ignored;
static int signals_in = -1;

// glibc gives constructors the arguments of main.
__attribute__((constructor)) static void look(int argc, char **argv)
{
    (void)argc;
    words = argv;
    sigemptyset(&ignored);
    for (int number = 1; number < NSIG; number++)
    {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        {
            sigaddset(&ignored, number);
        }
    }
}

static void note(int number)
{
    int before = errno;
    unsigned char byte = (unsigned char)number;
    // The pipe does not block: where it is full, the same signals wait in it already.
    if (write(signals_in, &byte, 1) < 0)
    {
        errno = before;
    }
}

static void set(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

// From now on these signals come as bytes out of the descriptor that is returned; -1 where there is none. What was ignored when vscli began
// stays ignored, but the end of a child, which must be told.
int vs_catch(const int *numbers, int count)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    {
        return -1;
    }
    // Where vscli was started with a standard descriptor closed, that one must not become ours.
    int out = fcntl(ends[0], F_DUPFD_CLOEXEC, 3);
    signals_in = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
    close(ends[0]);
    close(ends[1]);
    if (out < 0 || signals_in < 0)
    {
        return -1;
    }
    for (int i = 0; i < count; i++)
    {
        if (numbers[i] == SIGCHLD || sigismember(&ignored, numbers[i]) != 1)
        {
            // A handler would have a write to the terminal from the background repeated for ever.
            set(numbers[i], numbers[i] == SIGTTIN || numbers[i] == SIGTTOU ? SIG_IGN : note);
        }
    }
    return out;
}

// Starts the words from the given one on, as execvp does, with variables in the place of those of the same names. The child has the
// dispositions, the mask and everything else that it would have without vscli. Its id, or minus the error.
int vs_start(int first, const char *const *variables, int count)
{
    size_t known = 0;
    while (environ[known] != NULL)
    {
        known++;
    }
    char **environment = malloc((known + (size_t)count + 1) * sizeof *environment);
    if (environment == NULL)
    {
        return -ENOMEM;
    }
    size_t kept = 0;
    for (size_t i = 0; i < known; i++)
    {
        int replaced = 0;
        for (int j = 0; j < count; j++)
        {
            size_t name = (size_t)(strchr(variables[j], '=') - variables[j]) + 1;
            replaced |= strncmp(environ[i], variables[j], name) == 0;
        }
        if (!replaced)
        {
            environment[kept++] = environ[i];
        }
    }
    for (int j = 0; j < count; j++)
    {
        environment[kept++] = (char *)variables[j];
    }
    environment[kept] = NULL;

    // The child borrows this thread's memory until it becomes another program, so no handler may run in it.
    sigset_t all, mask;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    volatile int failed = 0;
    pid_t child = vfork();
    if (child == 0)
    {
        for (int number = 1; number < NSIG; number++)
        {
            set(number, sigismember(&ignored, number) == 1 ? SIG_IGN : SIG_DFL);
        }
        sigprocmask(SIG_SETMASK, &mask, NULL);
        execvpe(words[first], words + first, environment);
        failed = errno;
        _exit(127);
    }
    int error = child < 0 ? errno : failed;
    if (child > 0 && failed != 0)
    {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        {
        }
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    free(environment);
    return error != 0 ? -error : child;
}

// Stops this process by a signal as if it were not caught, until it is continued.
void vs_stop(int number)
{
    struct sigaction before;
    sigaction(number, NULL, &before);
    if (number != SIGSTOP)
    {
        set(number, SIG_DFL);
    }
    kill(getpid(), number);
    if (number != SIGSTOP)
    {
        sigaction(number, &before, NULL);
    }
}
