/// Tells supervisors of this host that something changed in the store, so that they need not wait for their next look.
package enum Announcement {
    /// What changed.
    package enum Kind: Sendable {
        /// There may be new tasks.
        case submitted
        /// Somebody asked for running tasks to stop.
        case cancelled
    }

    /// Tells all of them at the same time. Nobody has to listen: sockets may be left over from supervisors that ended,
    /// and who can't be told finds out by itself. Returns after `budget` at the latest, earlier when all have answered.
    ///
    /// - Returns: how many have understood.
    @discardableResult
    package static func announce(_ kind: Kind, to sockets: [String], budget: Duration = .milliseconds(200)) async -> Int
    {
        await withTaskGroup(of: Bool.self) { group in
            for socket in sockets {
                group.addTask {
                    let client = ControlClient(socketPath: socket, deadline: budget)
                    do throws(ControlClientError) {
                        switch kind {
                        case .submitted: try await client.wake()
                        case .cancelled: try await client.checkLeases()
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}
