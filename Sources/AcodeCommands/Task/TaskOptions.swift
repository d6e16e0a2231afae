internal import ArgumentParser
internal import Foundation
internal import Settings
internal import TaskModel

/// What a task given on the command line may have beside its command.
struct TaskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A label for people.", valueName: "text"))
    var name: String?

    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A variable of the command; NAME alone passes on this program's own. May be repeated.",
            valueName: "NAME=VALUE"))
    var env: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file the command reads as its standard input; - is this program's own.", valueName: "file"))
    var stdinFile: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The directory the command starts in.", valueName: "directory"))
    var workdir: String?

    @Option(help: ArgumentHelp("Who the command runs as in its container, as numbers.", valueName: "uid:gid"))
    var user: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A file or directory of this host in the container. May be repeated.", valueName: "source:target[:ro]"))
    var mount: [String] = []

    @Option(
        help: ArgumentHelp(
            "A directory of this host to work on, in the place of the working directory.", valueName: "directory"))
    var worktree: String?

    @Option(
        help: ArgumentHelp(
            "A repository of this host; the task works on a clone of it.", valueName: "repository[@ref]"))
    var git: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "What the task leaves in $ACODE_OUTPUT_DIR, and where to put it. May be repeated.",
            valueName: "path[:target]"))
    var output: [String] = []

    @Option(help: ArgumentHelp("A configured secret, as /run/secrets/<name>. May be repeated.", valueName: "name"))
    var secret: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where it may connect to, of what the pool permits: deny, or places. May be repeated.",
            valueName: "deny|host[:port]"))
    var egress: [String] = []

    @Option(help: ArgumentHelp("How long one attempt may run: 90s, 5m, 2h.", valueName: "duration"))
    var timeout: String?

    /// The options that are given.
    var given: [String] {
        let all: [(name: String, isGiven: Bool)] = [
            ("--name", name != nil), ("--env", !env.isEmpty), ("--stdin-file", stdinFile != nil),
            ("--workdir", workdir != nil), ("--user", user != nil), ("--mount", !mount.isEmpty),
            ("--worktree", worktree != nil), ("--git", git != nil), ("--output", !output.isEmpty),
            ("--secret", !secret.isEmpty), ("--egress", !egress.isEmpty), ("--timeout", timeout != nil),
        ]
        return all.filter(\.isGiven).map(\.name)
    }

    /// The specification for a command, without what other options add.
    ///
    /// - Throws: usage errors of single options; what concerns the whole is for `TaskSpecCheck`.
    func spec(
        command: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = FileManager.default.currentDirectoryPath
    ) throws(CommandFailure) -> TaskSpec {
        var spec = TaskSpec(command: command)
        try apply(to: &spec, environment: environment, directory: directory)
        return spec
    }

    /// Puts what the options say over what a specification says: variables beside its own, mounts, outputs and secrets too,
    /// and everything else in the place of its own.
    ///
    /// - Throws: as `spec`.
    func apply(
        to spec: inout TaskSpec, environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = FileManager.default.currentDirectoryPath
    ) throws(CommandFailure) {
        spec.name = name ?? spec.name
        spec.env.merge(try Self.variables(env, environment: environment)) { _, own in own }
        spec.workdir = workdir ?? spec.workdir
        spec.user = user ?? spec.user
        for text in mount { spec.mounts.append(try MountOption.parse(text, directory: directory)) }
        spec.worktree = try WorktreeOption.parse(worktree: worktree, git: git, directory: directory) ?? spec.worktree
        if !output.isEmpty {
            spec.outputs = (spec.outputs ?? []) + output.map { OutputOption.parse($0, directory: directory) }
        }
        spec.secrets += secret
        spec.egress = try EgressOption.parse(egress) ?? spec.egress
        if let timeout { spec.timeout = try DurationOption.seconds(timeout, flag: "--timeout") }
    }

    /// The variables `NAME=VALUE` and `NAME`.
    static func variables(
        _ texts: [String], environment: [String: String]
    ) throws(CommandFailure) -> [String: String] {
        var variables: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard !name.isEmpty else {
                throw CommandFailure(ExitCodes.usage, "--env: \"\(text)\" has no name", hint: "write NAME=VALUE")
            }
            if parts.count == 2 {
                variables[name] = String(parts[1])
            } else if let value = environment[name] {
                variables[name] = value
            } else {
                throw CommandFailure(
                    ExitCodes.usage, "--env: the variable \(name) is not set", hint: "write \(name)=VALUE")
            }
        }
        return variables
    }
}

/// Durations on the command line.
enum DurationOption {
    static func seconds(_ text: String, flag: String) throws(CommandFailure) -> Double {
        guard let duration = DurationText.parse(text) else {
            throw CommandFailure(
                ExitCodes.usage, "\(flag): \"\(text)\" is no duration",
                hint: "write seconds as a number, or 250ms, 90s, 5m, 2h")
        }
        return duration.inSeconds
    }
}

/// Mounts on the command line.
enum MountOption {
    /// Reads `source:target[:ro|rw]`; a relative source begins in `directory`.
    static func parse(_ text: String, directory: String) throws(CommandFailure) -> MountSpec {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let isWhole = (2...3).contains(parts.count) && !parts[0].isEmpty && !parts[1].isEmpty
        guard isWhole, parts.count == 2 || parts[2] == "ro" || parts[2] == "rw" else {
            throw CommandFailure(
                ExitCodes.usage, "--mount: \"\(text)\" is no mount", hint: "write SOURCE:TARGET or SOURCE:TARGET:ro")
        }
        return MountSpec(
            source: AbsolutePath.of(parts[0], in: directory), target: parts[1],
            readOnly: parts.count == 3 && parts[2] == "ro")
    }
}
