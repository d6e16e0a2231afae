internal import ArgumentParser
internal import Foundation
internal import Glibc

/// Parses the command line, runs the command and turns its end into an exit code.
package enum AcodeProgram {
    /// Runs the program; never returns.
    package static func main() async -> Never {
        // A reader that went away shows as an error of write, which is handled; the default would kill supervisors.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try AcodeCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit(ExitCodes.done)
        } catch let failure as CommandFailure {
            FileHandle.standardError.write(Data(failure.text.utf8))
            exit(failure.exitCode)
        } catch is ReaderGone {
            exit(ReaderGone.exitCode)
        } catch {
            AcodeCommand.exit(withError: error)
        }
    }
}
