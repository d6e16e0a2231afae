/// Where a server listens.
enum ServerPlace: Sendable {
    /// On a Unix socket of this path.
    case socket(String)
    /// On a TCP port: `host:port`.
    case port(String)

    /// For messages.
    var name: String {
        switch self {
        case .socket(let path), .port(let path): path
        }
    }
}
