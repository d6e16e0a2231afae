internal import PostgreSQL

extension StoreError {
    /// Says what an error of the database means.
    init(_ error: PostgresError) {
        let code: Code =
            switch error.code {
            case .unreachable, .connectionLost, .timedOut, .sessionEnded: .unavailable
            case .closed: .closed
            case .exhausted: .busy
            case .decoding: .corrupt
            case .badURL: .badURL
            case .cancelled: .internal
            case .refused: Self.code(sqlState: error.sqlState ?? "")
            }
        self.init(
            code, error.message + (error.sqlState.map { " (SQLSTATE \($0))" } ?? ""), operation: error.operation,
            hint: Self.postgresHint(for: code, isLogin: error.sqlState?.hasPrefix("28") == true))
    }

    /// What a server's five characters mean to us.
    static func code(sqlState: String) -> Code {
        switch sqlState {
        case "42501": .permissionDenied
        // It may be about to be restored.
        case "3D000": .unavailable
        case "25006": .readOnly
        case "53100", "53200", "54000": .full
        case "40001", "40P01", "55P03", "57014": .busy
        case "XX001", "XX002": .corrupt
        case _ where sqlState.hasPrefix("28"): .permissionDenied
        case _ where sqlState.hasPrefix("08") || sqlState.hasPrefix("53") || sqlState.hasPrefix("57P"): .unavailable
        case _ where sqlState.hasPrefix("58"): .io
        default: .internal
        }
    }

    private static func postgresHint(for code: Code, isLogin: Bool) -> String? {
        switch code {
        case .permissionDenied where isLogin:
            "see the user and the password in store.url, in libpq's variables and in its password file"
        case .unavailable: "see that the server runs and that store.url names it; then try again"
        case .badURL: "see store.url, store.listenUrl and ACODE_STORE_URL"
        case .permissionDenied: "see the rights of the database's user with `acode db status`"
        case .full: "free some space on the database's disk"
        default: nil
        }
    }
}
