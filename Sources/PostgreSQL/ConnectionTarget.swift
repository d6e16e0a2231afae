internal import CLibPQ

/// Where and as whom to connect: a URL or a list of `key=value`, as libpq has them, with `PG*` variables, service and
/// password files for what it leaves out. Never printed whole.
package struct ConnectionTarget: Sendable, CustomStringConvertible {
    /// Keywords and values to connect with.
    let parameters: [(key: String, value: String)]
    private let password: String?
    /// How long one try to connect may take.
    package var connectTimeout: Duration = .seconds(5)

    /// Reads `text`; throws `bad_url` without quoting it, because a password may be anywhere in what can't be read.
    package init(_ text: String) throws(PostgresError) {
        let unreadable = PostgresError(.badURL, "not a URL or a connection string of PostgreSQL", operation: "connect")
        guard !text.utf8.contains(0) else { throw unreadable }
        var words: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(text, &words)
        defer {
            PQconninfoFree(options)
            PQfreemem(words)
        }
        guard let options else { throw unreadable }
        var given: [String: String] = [:]
        var next = options
        while let key = next.pointee.keyword {
            if let value = next.pointee.val { given[String(cString: key)] = String(cString: value) }
            next += 1
        }
        password = given["password"]
        for (key, value) in Self.defaults where given[key] == nil { given[key] = value }
        parameters = given.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// A network that swallows everything is noticed within about half a minute, and a standby isn't taken for the primary.
    private static let defaults = [
        "application_name": "acode", "client_encoding": "UTF8", "keepalives_idle": "10", "keepalives_interval": "5",
        "keepalives_count": "3", "tcp_user_timeout": "20000", "target_session_attrs": "read-write",
    ]

    /// Where to, without credentials.
    package var description: String {
        let values = Dictionary(parameters.map { ($0.key, $0.value) }) { first, _ in first }
        if let service = values["service"] { return "service \(service)" }
        let host = values["host"] ?? values["hostaddr"] ?? "local socket"
        return host + (values["port"].map { ":\($0)" } ?? "") + (values["dbname"].map { "/\($0)" } ?? "")
    }

    /// A message of libpq in one line and without the password.
    func clean(_ message: String) -> String {
        var text = message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
        if let password, !password.isEmpty {
            text = text.split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
        }
        return text
    }
}
