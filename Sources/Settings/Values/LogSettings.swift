/// The logs of tasks and of the supervisor itself.
package struct LogSettings: Sendable, Equatable {
    /// Bytes kept of one attempt's output: the first half and the last half.
    package var maxBytesPerAttempt = 64 << 20
    /// What becomes of a task that writes more.
    package var onLimit: OutputLimitPolicy = .truncate
    /// How the supervisor's own log lines look.
    package var format: LogFormatChoice = .auto
    /// The least severe messages that are logged.
    package var level: LogLevel = .info
    /// `app_name` of its JSON log lines.
    package var appName = "acode"

    /// The defaults.
    package init() {}
}

/// What becomes of a task that writes more output than is kept.
package enum OutputLimitPolicy: String, Sendable, CaseIterable {
    /// It goes on; what lies between the first and the last half is left out of its log.
    case truncate
    /// It is stopped.
    case fail
}

/// How the supervisor's own log lines look.
package enum LogFormatChoice: String, Sendable, CaseIterable {
    /// Text on a terminal, else JSON.
    case auto
    /// One JSON object a line.
    case json
    /// For people.
    case text
}

/// How severe a message is; the raw values are those of swift-log's `Logger.Level`.
package enum LogLevel: String, Sendable, CaseIterable {
    /// Every step, for looking for a fault in acode itself.
    case trace
    /// Decisions and their reasons.
    case debug
    /// What an operator wants to see.
    case info
    /// What is unusual and no trouble.
    case notice
    /// What is degraded and heals by itself.
    case warning
    /// What somebody must look at.
    case error
    /// What somebody must look at at once.
    case critical
}
