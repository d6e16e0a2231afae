internal import Foundation
internal import Glibc
internal import Logging
internal import Settings
internal import Telemetry

/// The process's logging, by its settings.
enum LoggingChoice {
    /// Sets logging up; to be called once. The writer is to be flushed before the process ends.
    static func bootstrap(_ settings: LogSettings, allowsColor: Bool) -> LogWriter {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(STDERR_FILENO) == 1
        let format: LogFormat =
            switch settings.format {
            case .auto: .automatic(isTerminal: isTerminal, environment: environment)
            case .json: .json
            case .text: .forPeople(isTerminal: isTerminal, environment: environment)
            }
        let shown: LogFormat = allowsColor || format == .json ? format : .text(colours: false)
        return LogSetup.bootstrap(format: shown, level: Logger.Level(settings.level), appName: settings.appName)
    }
}

extension Logger.Level {
    init(_ level: LogLevel) { self = Logger.Level(rawValue: level.rawValue) ?? .info }
}
