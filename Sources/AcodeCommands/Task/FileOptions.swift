internal import Foundation
internal import TaskModel

/// Worktrees on the command line.
enum WorktreeOption {
    /// Reads `--worktree PATH` or `--git REPOSITORY[@REF]`; relative paths begin in `directory`.
    static func parse(
        worktree: String?, git: String?, directory: String,
        exists: (String) -> Bool = FileManager.default.fileExists(atPath:)
    ) throws(CommandFailure) -> WorktreeSpec? {
        guard worktree == nil || git == nil else {
            throw CommandFailure(ExitCodes.usage, "--worktree and --git exclude each other", hint: "give one of them")
        }
        if let worktree { return WorktreeSpec(path: AbsolutePath.of(worktree, in: directory)) }
        guard let git else { return nil }
        guard !git.contains("://") else {
            throw CommandFailure(
                ExitCodes.usage, "--git: \"\(git)\" is no path of this host",
                hint: "clone the repository and name the clone's path")
        }
        let whole = AbsolutePath.of(git, in: directory)
        // The last one, because a directory may have an @ in its name and a ref hardly ever does.
        guard let at = git.lastIndex(of: "@"), !git[git.index(after: at)...].isEmpty, !exists(whole) else {
            return WorktreeSpec(git: GitSource(repo: whole))
        }
        return WorktreeSpec(
            git: GitSource(
                repo: AbsolutePath.of(String(git[..<at]), in: directory), ref: String(git[git.index(after: at)...])))
    }
}

/// Outputs on the command line.
enum OutputOption {
    /// Reads `path[:target]`; a relative target begins in `directory`.
    static func parse(_ text: String, directory: String) -> OutputSpec {
        guard let colon = text.firstIndex(of: ":") else { return OutputSpec(path: text) }
        return OutputSpec(
            path: String(text[..<colon]), to: AbsolutePath.of(String(text[text.index(after: colon)...]), in: directory))
    }

    /// The output of a one-off pool, whose own directories are gone when it ends: in the current directory unless it
    /// has a place, and made anew each time.
    static func placed(
        _ output: OutputSpec, directory: String = FileManager.default.currentDirectoryPath
    ) -> OutputSpec {
        var output = output
        output.to = output.to ?? AbsolutePath.of(output.path, in: directory)
        output.replace = true
        return output
    }
}
