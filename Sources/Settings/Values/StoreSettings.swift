/// Where tasks are kept.
package struct StoreSettings: Sendable, Equatable {
    /// The name of the SQLite file in the state directory when no path is configured.
    package static let fileName = "acode.sqlite"

    /// Which database.
    package var backend: StoreBackend = .sqlite
    /// An absolute path of the SQLite file.
    package var path = ""
    /// Where the PostgreSQL database is; `nil` leaves that to the variables of libpq.
    package var url: DatabaseURL?
    /// The same database past a pooler, for who listens; `nil` stands for `url`.
    package var listenURL: DatabaseURL?
    /// The most connections to PostgreSQL, beside those that renew leases and listen.
    package var connections = 4
    /// How long one operation of PostgreSQL may take before it is given up.
    package var timeout: Duration = .seconds(30)

    /// The defaults.
    package init() {}

    /// What libpq is told; what is not in it comes from its variables.
    package var connectionText: String { url?.secret ?? "" }
}

/// The databases tasks can be kept in.
package enum StoreBackend: String, Sendable, CaseIterable {
    /// An embedded file, used by any number of processes of one host.
    case sqlite
    /// A server, used by any number of processes of any number of hosts.
    case postgresql
}

/// Where a database is, as libpq reads it: a URL or `key=value` pairs. A password may be in it, so it never prints itself.
package struct DatabaseURL: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The text as it was given, password included: only for the one who connects.
    package let secret: String

    /// Takes a text; nothing is checked.
    package init(_ text: String) { secret = text }

    /// The text, or that it is hidden when a password may be in it.
    package var description: String { mayHoldPassword ? ResolvedSettings.hidden : secret }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Whether anything looks like one, in doubt yes: who can't read a text can't tell where in it the password is.
    package var mayHoldPassword: Bool {
        let text = secret.lowercased()
        // Names of parameters may be written with escapes, too.
        if text.contains("pass")
            || text.split(separator: "?", maxSplits: 1).dropFirst().contains(where: { $0.contains("%") })
        {
            return true
        }
        guard let scheme = text.firstRange(of: "://") else { return text.contains("@") }
        return text.lastIndex(of: "@").map { text[scheme.upperBound..<$0].contains(":") } ?? false
    }
}
