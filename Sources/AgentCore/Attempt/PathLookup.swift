/// Where a command may be found. Pure; asking the file system is left to the caller.
enum PathLookup {
    /// The path a task gets that names none.
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The files to try, in order, for a command's first word.
    ///
    /// As `execvp(3)`: with a slash it is the file itself; otherwise each element of `path`, an empty one being the
    /// working directory. Relative elements stay relative: the command starts in its working directory.
    static func candidates(for command: String, path: String?) -> [String] {
        guard !command.isEmpty else { return [] }
        if command.utf8.contains(UInt8(ascii: "/")) { return [command] }
        return (path ?? defaultPath).split(separator: ":", omittingEmptySubsequences: false).map { directory in
            if directory.isEmpty { return "./" + command }
            return directory.hasSuffix("/") ? directory + command : directory + "/" + command
        }
    }

    /// A candidate as seen from the agent: relative ones are below the task's working directory.
    static func absolute(_ candidate: String, workingDirectory: String?) -> String {
        guard let workingDirectory, !candidate.hasPrefix("/") else { return candidate }
        return workingDirectory + "/" + candidate
    }
}
