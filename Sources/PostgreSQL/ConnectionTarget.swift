internal import CLibPQ

/// Where and as whom to connect: a URL or a list of `key=value`, as libpq has them, with `PG*` variables, service and
/// password files for what it leaves out. Never printed whole.
package struct ConnectionTarget: Sendable, CustomStringConvertible {
    /// What the text says, by libpq's names.
    let given: [String: String]
    /// How long one try to connect to one address may take, unless the text or `PGCONNECT_TIMEOUT` says so. The addresses of
    /// all hosts are tried in turn.
    package var connectTimeout: Duration = .seconds(5)

    /// Reads `text`; throws `bad_url` without quoting it, because a password may be anywhere in what can't be read.
    package init(_ text: String) throws(PostgresError) {
        let unreadable = PostgresError(
            .badURL,
            "not a URL or a connection string of PostgreSQL; in a URL, / ? # @ and % of a password or an option are "
                + "written %2F %3F %23 %40 %25", operation: "connect")
        guard !text.utf8.contains(0), !Self.isAmbiguous(text) else { throw unreadable }
        var words: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(text, &words)
        defer {
            PQconninfoFree(options)
            PQfreemem(words)
        }
        guard let options else { throw unreadable }
        given = Self.values(options)
        // libpq takes it for a name, and the server would say it in its error, with a password that may be in it.
        guard given["dbname"]?.contains("://") != true else { throw unreadable }
    }

    /// Whether libpq would take a part of a password for a host, a port or a name of a database, which are not secret.
    private static func isAmbiguous(_ text: String) -> Bool {
        guard let scheme = ["postgresql://", "postgres://"].first(where: { text.hasPrefix($0) }) else { return false }
        let rest = text.dropFirst(scheme.count)
        guard let at = rest.lastIndex(of: "@") else { return false }
        return rest[..<at].contains { "/?#@".contains($0) }
    }

    /// The options that have values.
    static func values(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var values: [String: String] = [:]
        var next = options
        while let key = next.pointee.keyword {
            if let value = next.pointee.val { values[String(cString: key)] = String(cString: value) }
            next += 1
        }
        return values
    }

    /// Where to, without credentials.
    package var description: String {
        if let service = given["service"] { return "service \(service)" }
        let host = given["host"] ?? given["hostaddr"] ?? "local socket"
        return host + (given["port"].map { ":\($0)" } ?? "") + (given["dbname"].map { "/\($0)" } ?? "")
    }

    /// A message of libpq in one line, without the secrets of this text and `others`.
    func clean(_ message: String, without others: [String] = []) -> String {
        var text = message.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
        for secret in others + [given["password"], given["sslpassword"]].compactMap({ $0 }) where !secret.isEmpty {
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        }
        return text
    }
}
