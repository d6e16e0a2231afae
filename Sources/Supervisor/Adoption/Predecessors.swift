internal import Foundation
internal import Glibc
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Which of the supervisors that a store knows were of this pool and have ended, so that this one may clean up after them.
/// Pure. May only be asked while the pool's lock is held.
///
/// A name of a host proves nothing: other machines and containers have the same. An installation is one state directory,
/// and its lock proves that whoever had the pool under this kernel has ended. Of another boot it proves nothing: a machine
/// may have been cloned, with its disk. Such a supervisor has ended when it was silent for as long as a lease lasts, and
/// until then its leases and its workers are its own.
struct Predecessors: Sendable {
    let pool: String
    let installation: String
    let boot: String
    let host: String
    let supervisor: SupervisorID
    /// As long as one may be silent and live; `nil` when all who use the store are under one kernel, as those of a file are.
    let silence: Duration?

    /// The kernel's name of its boot; empty when it doesn't tell.
    static let currentBoot = ((try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? "")
        .trimmingCharacters(in: .whitespacesAndNewlines)

    /// Whether a row is of this installation. Programs that noted none knew only hosts, and no store of many machines.
    private func isOurs(_ installation: String, _ host: String) -> Bool {
        installation.isEmpty ? host == self.host : installation == self.installation
    }

    /// Whether one of this pool may live elsewhere. Time is the store's: `now` is of its clock.
    private func mayLive(_ one: SupervisorRecord, now: Date) -> Bool {
        guard let silence, !one.boot.isEmpty, !boot.isEmpty, one.boot != boot else { return false }
        return now.timeIntervalSince(one.seenAt) < silence / .seconds(1)
    }

    /// Those of the pool that have ended.
    func ended(of all: [SupervisorRecord]) -> [SupervisorRecord] {
        let now = now(all)
        return others(all).filter { !mayLive($0, now: now) }
    }

    /// Those of the pool of which nobody can tell yet.
    func unknown(of all: [SupervisorRecord]) -> [SupervisorRecord] {
        let now = now(all)
        return others(all).filter { mayLive($0, now: now) }
    }

    private func others(_ all: [SupervisorRecord]) -> [SupervisorRecord] {
        all.filter { $0.id != supervisor && $0.pool == pool && isOurs($0.installation, $0.host) }
    }

    /// The rows of the pool's workers, but for those of a supervisor that may live elsewhere.
    func workers(_ all: [WorkerRecord], of supervisors: [SupervisorRecord]) -> [WorkerRecord] {
        let now = now(supervisors)
        let living = Set(supervisors.filter { $0.id != supervisor && mayLive($0, now: now) }.map(\.id))
        return all.filter { $0.pool == pool && isOurs($0.installation, $0.host) && !living.contains($0.supervisor) }
    }

    /// This supervisor's own row was written just now.
    private func now(_ all: [SupervisorRecord]) -> Date {
        all.first { $0.id == supervisor }?.seenAt ?? max(Date(), all.map(\.seenAt).max() ?? .distantPast)
    }

}

extension Predecessors {
    init(_ context: WorkerContext, silence: Duration?) {
        self.init(
            pool: context.pool, installation: context.installation, boot: Self.currentBoot, host: context.host,
            supervisor: context.supervisor, silence: silence)
    }

    /// The rows of the pool's workers.
    func workers(in store: any TaskStore) async throws(StoreError) -> [WorkerRecord] {
        // Workers first: one whose supervisor registers meanwhile is then in no list.
        let rows = try await store.workers(installation: installation)
        return workers(rows, of: try await store.supervisors())
    }

    /// Those of the pool that have ended.
    func ended(in store: any TaskStore) async throws(StoreError) -> [SupervisorRecord] {
        ended(of: try await store.supervisors())
    }
}
