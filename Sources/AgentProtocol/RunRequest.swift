import FoundationEssentials

/// Everything the agent needs to start one attempt.
///
/// No string in it may contain a NUL byte; the agent answers such a request with a start failure of kind `other`.
package struct RunRequest: Codable, Hashable, Sendable {
    /// The attempt to be run.
    package var attempt: AttemptRef
    /// The command and its arguments. A first element without `/` is looked up in the task's own `PATH`.
    package var argv: [String]
    /// Merged over the agent's base environment; the agent adds `ACODE_AGENT_SOCKET`.
    package var environment: [String: String]
    /// Absolute path to start in; nil is the directory the agent was started in.
    package var workingDirectory: String?
    /// The task's standard input, at most `AgentProtocol.maximumInput` bytes, then end of file; nil is `/dev/null`.
    package var stdin: [UInt8]?
    /// The files whose content the agent keeps out of all output of the attempt: its names in `secretsDirectory`.
    package var secrets: [String]
    /// Where these files are; absolute, as the agent sees it.
    package var secretsDirectory: String?
    /// Whether the directory of `acode-agent` is appended to the task's `PATH`.
    package var mergePath: Bool

    /// Makes a request.
    package init(
        attempt: AttemptRef, argv: [String], environment: [String: String] = [:], workingDirectory: String? = nil,
        stdin: [UInt8]? = nil, secrets: [String] = [], secretsDirectory: String? = nil, mergePath: Bool = true
    ) {
        self.attempt = attempt
        self.argv = argv
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.stdin = stdin
        self.secrets = secrets
        self.secretsDirectory = secretsDirectory
        self.mergePath = mergePath
    }

    private enum CodingKeys: String, CodingKey {
        case attempt, argv, environment, workingDirectory, stdin, secrets, secretsDirectory, mergePath
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        attempt = try container.decode(AttemptRef.self, forKey: .attempt)
        argv = try container.decode([String].self, forKey: .argv)
        environment = try container.decode([String: String].self, forKey: .environment)
        workingDirectory = try container.decodeIfPresent(String.self, forKey: .workingDirectory)
        // Data and not [UInt8]: JSON would write the latter as a list of numbers, four times as long.
        stdin = try container.decodeIfPresent(Data.self, forKey: .stdin).map { [UInt8]($0) }
        secrets = try container.decodeIfPresent([String].self, forKey: .secrets) ?? []
        secretsDirectory = try container.decodeIfPresent(String.self, forKey: .secretsDirectory)
        mergePath = try container.decode(Bool.self, forKey: .mergePath)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(attempt, forKey: .attempt)
        try container.encode(argv, forKey: .argv)
        try container.encode(environment, forKey: .environment)
        try container.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
        try container.encodeIfPresent(stdin.map { Data($0) }, forKey: .stdin)
        if !secrets.isEmpty { try container.encode(secrets, forKey: .secrets) }
        try container.encodeIfPresent(secretsDirectory, forKey: .secretsDirectory)
        try container.encode(mergePath, forKey: .mergePath)
    }
}
