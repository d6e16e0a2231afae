import Logging

/// Log lines for machines (O-2): `timestamp`, `level`, `message`, `app_name` and the metadata in one JSON object.
package enum JSONLogLine {
    /// The line of a record.
    ///
    /// Dotted keys become `_` keys (`task.id` → `task_id`), `worker.id` is `worker`. What is not known is left out.
    package static func encode(_ record: LogRecord, appName: String) -> String {
        var json = "{\"timestamp\":\"\(record.time.iso8601)\",\"level\":\"\(record.level.rawValue)\",\"message\":"
        append(record.message, to: &json)
        json += ",\"app_name\":"
        append(appName, to: &json)
        let members = record.metadata.map { (name(of: $0.key), $0.value) }.sorted { $0.0 < $1.0 }
        var last: String?
        for (name, value) in members where name != last {
            last = name
            json += ","
            append(name, to: &json)
            json += ":"
            append(value, to: &json)
        }
        return json + "}\n"
    }

    /// The name a key has in JSON. Those of the line itself are never given away.
    private static func name(of key: String) -> String {
        if key == "worker.id" { return "worker" }
        let name = String(key.map { $0 == "." || $0 == "-" ? "_" : $0 })
        return ["timestamp", "level", "message", "app_name"].contains(name) ? "metadata_\(name)" : name
    }

    private static func append(_ value: Logger.MetadataValue, to json: inout String) {
        switch value {
        case .string(let text): append(text, to: &json)
        case .stringConvertible(let value): append(value, to: &json)
        case .array(let values):
            json += "["
            for (index, value) in values.enumerated() {
                if index > 0 { json += "," }
                append(value, to: &json)
            }
            json += "]"
        case .dictionary(let values):
            json += "{"
            for (index, pair) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { json += "," }
                append(pair.key, to: &json)
                json += ":"
                append(pair.value, to: &json)
            }
            json += "}"
        }
    }

    /// Numbers and truth values stay what they are; JSON has no infinities, so those become text.
    private static func append(_ value: any CustomStringConvertible & Sendable, to json: inout String) {
        switch value {
        case let value as any FixedWidthInteger: json += value.description
        case let value as Double where value.isFinite: json += value.description
        case let value as Bool: json += value ? "true" : "false"
        default: append(value.description, to: &json)
        }
    }

    private static func append(_ text: String, to json: inout String) {
        json += "\""
        for scalar in LogLimit.apply(text).unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\r": json += "\\r"
            case "\t": json += "\\t"
            // Beyond what JSON asks for: control characters of C1, and what some readers take for a line break.
            case _ where scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value || 0x2028...0x2029 ~= scalar.value:
                let hex = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: json.unicodeScalars.append(scalar)
            }
        }
        json += "\""
    }
}
