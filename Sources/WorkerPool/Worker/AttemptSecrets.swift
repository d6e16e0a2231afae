extension WorkerDirectory {
    /// Removes the secrets of an attempt that an earlier supervisor saw to its end.
    package func clearSecrets() async { await FileThread.shared.run { removeSecrets() } }

    /// The secrets of the attempt that an earlier supervisor began, as they were written for it.
    package func secretsInForce() async -> [String: [UInt8]] { await FileThread.shared.run { readSecrets() } }

    /// Runs an attempt with its secrets in place, and removes them when it has ended, whatever its end.
    func withSecrets(
        of request: AttemptRequest, owner: UInt32?, _ attempt: () async -> ExitRecord
    ) async -> ExitRecord {
        guard !request.secrets.isEmpty else { return await attempt() }
        let record: ExitRecord
        do {
            try await FileThread.shared.run { () throws(WorkerError) in try write(request.secrets, owner: owner) }
            record = await attempt()
        } catch {
            record = ExitRecord(end: .unprovided(error))
        }
        if record.end != .detached { await FileThread.shared.run { removeSecrets() } }
        return record
    }
}
