import Logging

/// Log lines for people: `12:03:04 info  worker started  worker=abc image=debian`.
package enum TextLogLine {
    /// What comes first among the metadata; the rest follows in alphabetical order.
    private static let first = ["worker", "task", "task.attempt", "error.code"]

    /// The line of a record.
    package static func encode(_ record: LogRecord, colours: Bool) -> String {
        let (name, colour) = style(of: record.level)
        func paint(_ text: String, _ code: String) -> String { colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        let label = name + String(repeating: " ", count: 5 - name.count)
        var line = "\(paint(record.time.timeOfDay, "2")) \(paint(label, colour)) \(visible(record.message))"
        let pairs = record.metadata.map { (key: shortened($0.key), value: "\($0.value)") }
            .sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }
        for (index, pair) in pairs.enumerated() {
            line += (index == 0 ? "  " : " ") + paint(visible(pair.key) + "=", "2") + quotedIfNeeded(pair.value)
        }
        return line + "\n"
    }

    private static func style(of level: Logger.Level) -> (name: String, colour: String) {
        switch level {
        case .trace: ("trace", "2")
        case .debug: ("debug", "2")
        case .info: ("info", "32")
        case .notice: ("note", "36")
        case .warning: ("warn", "33")
        case .error: ("error", "31")
        case .critical: ("crit", "1;31")
        }
    }

    /// `worker.id` is shown as `worker`.
    private static func shortened(_ key: String) -> String { key.hasSuffix(".id") ? String(key.dropLast(3)) : key }

    private static func rank(_ key: String) -> Int { first.firstIndex(of: key) ?? first.count }

    private static func quotedIfNeeded(_ text: String) -> String {
        let shown = visible(text)
        guard text.isEmpty || shown != text || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else {
            return text
        }
        return "\"" + shown.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }

    /// A text without what a terminal would obey: escape sequences in a task's name must not reach it.
    private static func visible(_ text: String) -> String {
        let text = LogLimit.apply(text)
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Format characters can reverse the direction of what follows.
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
