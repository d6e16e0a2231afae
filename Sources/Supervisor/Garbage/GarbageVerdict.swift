/// What is to become of an object, and why, in plain words. Pure.
package enum GarbageVerdict: Sendable, Equatable {
    /// It stays.
    case keep(String)
    /// It is nobody's.
    case remove(String)

    /// Who is there to need an object of a pool.
    package struct Owners: Sendable {
        /// Workers of the supervisor that runs.
        var living: Set<String> = []
        /// The supervisor that runs.
        var supervisor: String?
        /// Workers of a supervisor that ended so shortly ago that another may take them over.
        var awaited: Set<String> = []
        /// Workers of which a container is there, whatever becomes of it in this pass.
        var contained: Set<String> = []
        /// Workers that had a container which nobody can look for, because there is no engine.
        var unseen: Set<String> = []
        /// Workers with a row in the store, of all pools of this installation.
        var recorded: Set<String> = []

        /// Puts the facts together.
        init(
            living: Set<String> = [], supervisor: String? = nil, awaited: Set<String> = [],
            contained: Set<String> = [], unseen: Set<String> = [], recorded: Set<String> = []
        ) {
            self.unseen = unseen
            self.living = living
            self.supervisor = supervisor
            self.awaited = awaited
            self.contained = contained
            self.recorded = recorded
        }
    }

    /// Judges an object by who is there.
    package static func judge(_ object: PoolObject, _ owners: Owners) -> GarbageVerdict {
        if let worker = object.worker {
            if owners.living.contains(worker) { return .keep("a worker of the pool") }
            if owners.awaited.contains(worker) { return .keep("waits for a supervisor to take it over") }
            if owners.unseen.contains(worker) { return .keep("its container may be there, and no engine tells") }
        }
        switch object.kind {
        case .container:
            if object.isKept, !object.isAlive { return .keep("kept to be looked at") }
            return .remove("no worker of the pool")
        case .volume, .network:
            if object.worker == nil, let supervisor = object.supervisor, supervisor == owners.supervisor {
                return .keep("shared by the workers of the pool")
            }
            return .remove(object.worker == nil ? "its supervisor has ended" : "no worker of the pool")
        case .directory:
            if let worker = object.worker, owners.contained.contains(worker) { return .keep("its container is there") }
            // Other pools keep theirs beside it, and only their rows tell.
            if object.isShared, let worker = object.worker, owners.recorded.contains(worker) {
                return .keep("has a row in the store")
            }
            return .remove("its worker is gone")
        case .row:
            if let worker = object.worker, owners.contained.contains(worker) { return .keep("its container is there") }
            return .remove("neither a worker nor a container of this name is there")
        }
    }
}
