internal import CLibPQ
internal import Glibc

/// What libpq makes of a target once it has read its variables and the service file, and the addresses to try in turn.
struct EffectiveOptions: Sendable {
    /// One server as libpq is to be told of it.
    struct Server: Sendable, Equatable {
        var host: String?
        var address: String?
        var port: String?
    }

    private let given: [String: String]
    /// By libpq's names; only what the text says when libpq can't make anything of it.
    private let values: [String: String]

    /// Reads files, and connects to nothing.
    init(_ target: ConnectionTarget) {
        given = target.given
        // libpq tells what it made of everything for a connection only. This one ends before it looks for a host, because its
        // last option isn't allowed.
        var refused = given
        refused["channel_binding"] = "none, this is a look at the options"
        // With a password it leaves the password file alone, about which it would complain each time.
        refused["password"] = "none"
        let raw = withParameters(refused) { PQconnectStartParams($0, $1, 0) }
        defer { PQfinish(raw) }
        let options = PQconninfo(raw)
        defer { PQconninfoFree(options) }
        let read = options.map { ConnectionTarget.values($0) } ?? [:]
        // There is always a port, unless libpq stopped before, because it knows no such service for example.
        values = read["port"] == nil ? given : read
    }

    /// For tests.
    init(given: [String: String], values: [String: String]) {
        self.given = given
        self.values = values
    }

    /// A network that swallows everything is noticed within about half a minute, and a standby isn't taken for the primary.
    private static let defaults = [
        "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000",
    ]

    /// How long one try may take; `nil` when nobody said.
    var connectTimeout: Duration? {
        values["connect_timeout"].flatMap(Int.init).flatMap { $0 > 0 ? .seconds(min($0, 86400)) : nil }
    }

    /// Every server with every kind of session to ask for, in the order they are to be tried in.
    var tries: [(server: Server, session: String)] {
        // The default of libpq can't be told from what its variable or the service file says; the queue writes in any case.
        let wanted = values["target_session_attrs"] ?? "any"
        let isDefault = wanted == "any" && given["target_session_attrs"] == nil && getenv("PGTARGETSESSIONATTRS") == nil
        let passes = isDefault ? ["read-write"] : wanted == "prefer-standby" ? ["standby", "any"] : [wanted]
        return passes.flatMap { session in servers.map { ($0, session) } }
    }

    /// One for each host; one that leaves all to libpq when it would refuse the lists.
    var servers: [Server] {
        let hosts = Self.list(values["host"])
        let addresses = Self.list(values["hostaddr"])
        let ports = Self.list(values["port"])
        let count = max(hosts.count, addresses.count)
        guard count > 0, [0, count].contains(hosts.count), [0, count].contains(addresses.count),
            [0, 1, count].contains(ports.count)
        else { return [Server(host: values["host"], address: values["hostaddr"], port: values["port"])] }
        return (0..<count).map { index in
            Server(
                host: hosts.isEmpty ? nil : hosts[index], address: addresses.isEmpty ? nil : addresses[index],
                port: ports.isEmpty ? nil : ports.count == 1 ? ports[0] : ports[index])
        }
    }

    private static func list(_ value: String?) -> [String] {
        guard let value, !value.isEmpty else { return [] }
        return value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// What to connect to a server with.
    func parameters(_ server: Server, session: String) -> [String: String] {
        var parameters = given
        for (key, value) in Self.defaults where values[key] == nil { parameters[key] = value }
        if given["fallback_application_name"] == nil { parameters["fallback_application_name"] = "acode" }
        parameters["client_encoding"] = "UTF8"
        parameters["target_session_attrs"] = session
        for (key, value) in [("host", server.host), ("hostaddr", server.address), ("port", server.port)] {
            if let value { parameters[key] = value }
        }
        return parameters
    }
}

/// Calls `body` with keywords and values as libpq wants them.
func withParameters<Value>(
    _ parameters: [String: String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<UnsafePointer<CChar>?>?) -> Value
) -> Value {
    let keys = parameters.map { strdup($0.key) }
    let values = parameters.map { strdup($0.value) }
    defer { for copy in keys + values { free(copy) } }
    return (keys + [nil]).map { UnsafePointer($0) }.withUnsafeBufferPointer { keys in
        (values + [nil]).map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
            body(keys.baseAddress, values.baseAddress)
        }
    }
}
