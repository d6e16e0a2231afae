/// What libpq says of a connection that could not be made, at its most talkative, when it puts the server's code before the
/// server's words. Pure.
struct LoginRefusal: Sendable, Equatable {
    /// The words without the code, and without the place in the server's own source.
    let message: String
    /// The server's five characters; those for a wrong password when there was none; `nil` when no server has answered.
    let sqlState: String?

    /// Takes apart what libpq says. `lacksPassword` says that the server wanted one, and none was to be found.
    init(_ words: String, lacksPassword: Bool = false) {
        var code: String?
        var lines: [String] = []
        for var line in words.split(whereSeparator: \.isNewline) where !line.hasPrefix("LOCATION:  ") {
            // As in `FATAL:  28P01: `, of which the first word may be in any language.
            if let mark = line.firstMatch(of: #/:  ([0-9A-Z]{5}): /#) {
                code = String(mark.1)
                line.replaceSubrange(mark.range, with: ":  ")
            }
            lines.append(String(line))
        }
        message = lines.joined(separator: "\n")
        sqlState = code ?? (lacksPassword ? "28P01" : nil)
    }

    /// Whether the server means those who ask, whose next try is answered in the same way whatever the address: who they are,
    /// or that there is no such database.
    private var isFinal: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("28") || sqlState == "3D000" || sqlState == "42501"
    }

    /// The error it is; `clean` makes words fit to be printed.
    func error(_ clean: (String) -> String) -> PostgresError {
        PostgresError(
            isFinal ? .refused : .unreachable, clean(message), operation: "connect", sqlState: sqlState)
    }
}
