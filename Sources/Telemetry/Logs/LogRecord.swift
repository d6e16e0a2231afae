package import Logging

/// One log message with everything known about it, before it is a line.
package struct LogRecord: Sendable {
    /// When it was logged.
    package var time: LogTime
    /// How severe it is.
    package var level: Logger.Level
    /// A constant text.
    package var message: String
    /// What the message is about, under dotted keys (`task.id`); of the logger, its provider and the call together.
    package var metadata: Logger.Metadata

    /// Makes a record.
    package init(time: LogTime, level: Logger.Level, message: String, metadata: Logger.Metadata) {
        self.time = time
        self.level = level
        self.message = message
        self.metadata = metadata
    }
}

/// How log lines look.
package enum LogFormat: Sendable, Equatable {
    /// One JSON object a line.
    case json
    /// For people, with colours or without.
    case text(colours: Bool)

    /// The format where none is configured: text on a terminal, else JSON.
    package static func automatic(isTerminal: Bool, environment: [String: String]) -> LogFormat {
        isTerminal ? .forPeople(isTerminal: true, environment: environment) : .json
    }

    /// Text; coloured only on a terminal that can show it, and never with `NO_COLOR`.
    package static func forPeople(isTerminal: Bool, environment: [String: String]) -> LogFormat {
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return .text(colours: isTerminal && !refused && environment["TERM"] != "dumb")
    }

    /// The line of a record, with its line break; never has another one.
    package func line(_ record: LogRecord, appName: String) -> String {
        switch self {
        case .json: JSONLogLine.encode(record, appName: appName)
        case .text(let colours): TextLogLine.encode(record, colours: colours)
        }
    }
}

/// The longest texts that are logged whole.
enum LogLimit {
    /// Bytes of a message or of one value.
    static let text = 8 << 10

    /// A text with its middle cut out where it is longer than the limit, and a mark with the count of bytes left out.
    static func apply(_ text: String) -> String {
        let bytes = text.utf8.count
        guard bytes > self.text else { return text }
        let half = self.text / 2
        // Cut in bytes and decode again: a character that was cut becomes U+FFFD.
        let head = String(decoding: text.utf8.prefix(half), as: UTF8.self)
        let tail = String(decoding: text.utf8.suffix(half), as: UTF8.self)
        return "\(head)…[\(bytes - 2 * half) bytes left out]…\(tail)"
    }
}
