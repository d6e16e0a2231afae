/// Connects to the first of a target's servers that will have us. libpq would stay with an address that doesn't answer for
/// as long as its caller waits, so each address is a connection of its own here, with a time of its own.
enum LibPQConnector {
    /// Blocks until there is a session, or no address is left, or `deadline` (the end of all tries), or until the ticket is
    /// used. Throws `unreachable` with what each address said, `refused` at the first that knows us and won't have us,
    /// `cancelled`.
    static func open(
        _ target: ConnectionTarget, until deadline: ContinuousClock.Instant, ticket: CancelTicket
    ) throws(PostgresError) -> LibPQSession {
        let options = EffectiveOptions(target)
        let limit = options.connectTimeout ?? target.connectTimeout
        var complaints: [String] = []
        let tries = options.tries
        /// When a try ends, with so many more after it: one that meets silence must not use up the time of the others.
        func end(before others: Int) -> ContinuousClock.Instant {
            let now = ContinuousClock.now
            return now + min(limit, (deadline - now) / (others + 1))
        }
        for (number, (server, session)) in tries.enumerated() where .now < deadline {
            let others = tries.count - number - 1
            let found = addresses(of: server, until: end(before: others), ticket, &complaints)
            for (place, address) in found.enumerated() where .now < deadline {
                if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: "connect") }
                do throws(PostgresError) {
                    return try LibPQSession(
                        options.parameters(address, session: session), of: target,
                        until: end(before: others + found.count - place - 1), ticket: ticket)
                } catch {
                    guard error.code == .unreachable else { throw error }
                    if !complaints.contains(error.message) { complaints.append(error.message) }
                }
            }
        }
        if ticket.wasCancelled { throw PostgresError(.cancelled, "cancelled", operation: "connect") }
        let words = complaints.isEmpty ? "\(target) was not reached in time" : complaints.joined(separator: "; ")
        throw PostgresError(.unreachable, words, operation: "connect")
    }

    /// The same server once for each of its addresses.
    private static func addresses(
        of server: EffectiveOptions.Server, until deadline: ContinuousClock.Instant, _ ticket: CancelTicket,
        _ complaints: inout [String]
    ) -> [EffectiveOptions.Server] {
        guard (server.address ?? "").isEmpty, let host = server.host, NameLookup.isNeeded(for: host) else {
            return [server]
        }
        let found = NameLookup.addresses(of: host, until: deadline, ticket: ticket)
        if found.isEmpty { complaints.append("no address of \(host) was found") }
        return found.map { EffectiveOptions.Server(host: host, address: $0, port: server.port) }
    }
}
