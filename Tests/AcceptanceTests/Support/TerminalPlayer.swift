import TestSupport

/// A person at a terminal.
enum TerminalPlayer {
    /// Plays a person at a terminal of 37 rows and 91 columns: waits for words, types, resizes, and at the end prints
    /// everything that was shown, the exit code, and whether the terminal was left as it was.
    private static let person = #"""
        import fcntl, os, pty, select, signal, struct, sys, termios, time

        def resize(rows, columns):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

        master, slave = pty.openpty()
        resize(37, 91)
        before = termios.tcgetattr(slave)
        child = os.fork()
        if child == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in (0, 1, 2):
                os.dup2(slave, number)
            os.close(master)
            os.execv(sys.argv[1], sys.argv[1:])
        shown = b""
        deadline = time.monotonic() + 40

        def wait_more(words):
            global shown
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([master], [], [], left)[0]:
                os.kill(child, signal.SIGKILL)
                sys.exit("never shown: %r in %r" % (words, shown))
            shown += os.read(master, 65536)

        for line in sys.stdin:
            kind, _, text = line.rstrip("\n").partition(" ")
            text = text.encode().decode("unicode_escape").encode("latin-1")
            if kind == "see":
                while text not in shown:
                    wait_more(text)
            elif kind == "times":
                count, _, words = text.partition(b" ")
                while shown.count(words) < int(count):
                    wait_more(words)
            elif kind == "type":
                os.write(master, text)
            elif kind == "resize":
                resize(*map(int, text.split()))
            elif kind == "kill":
                os.kill(child, int(text))
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                sys.exit("it did not end: %r" % shown)
            if select.select([master], [], [], 0.05)[0]:
                shown += os.read(master, 65536)
        while select.select([master], [], [], 0.2)[0]:
            shown += os.read(master, 65536)
        after = termios.tcgetattr(slave)
        sys.stdout.write(shown.decode("utf-8", "replace"))
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        print("\n[code %d, terminal %s]" % (code, "restored" if before == after else "changed"))
        """#

    /// Runs `acode COMMAND` before it. The script has one action a line: `see WORDS`, `times NUMBER WORDS`, `type TEXT`,
    /// `resize ROWS COLUMNS`, `kill SIGNAL`.
    static func play(
        _ fixture: AcodeFixture, _ script: [String], _ command: [String], environment: [String: String] = [:]
    ) async throws -> FinishedProcess {
        let program = try fixture.file("person.py", person)
        var plan = fixture.plan(
            command, environment: environment, input: .bytes(Array((script.joined(separator: "\n") + "\n").utf8)))
        plan.arguments = [program, plan.executable] + plan.arguments
        plan.executable = "/usr/bin/python3"
        return try await ChildProcess.run(plan, logs: fixture.logs, within: .seconds(60))
    }
}
