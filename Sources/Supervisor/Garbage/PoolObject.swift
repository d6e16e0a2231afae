/// One thing that a pool makes and that may outlive who made it.
package struct PoolObject: Sendable, Hashable {
    /// What it is.
    package enum Kind: String, Sendable, CaseIterable {
        case container, volume, network, directory, row
    }

    /// What it is.
    package var kind: Kind
    /// The engine's id or name, a path, or a worker's id.
    package var name: String
    /// The worker it belongs to; `nil` for one that all workers of a supervisor share.
    package var worker: String?
    /// The supervisor that made it, as far as is known.
    package var supervisor: String?
    /// Whether a process of it may be alive; of containers only.
    package var isAlive = false
    /// Whether it was made to stay after its end; of containers only.
    package var isKept = false
    /// Whether its worker is a process of this host; of rows only.
    package var isLocal = false
    /// Whether it is beside those of other pools and says not of which it is.
    package var isShared = false

    /// Names an object.
    package init(kind: Kind, name: String, worker: String?, supervisor: String? = nil) {
        self.kind = kind
        self.name = name
        self.worker = worker
        self.supervisor = supervisor
    }
}
