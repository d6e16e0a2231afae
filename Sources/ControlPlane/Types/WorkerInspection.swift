package import Foundation

/// Everything about one worker, as the engine and the kernel tell it: `GET /v1/workers/{id}/inspection`.
package struct WorkerInspection: Codable, Sendable, Equatable {
    /// What the engine says of a container.
    package struct Container: Codable, Sendable, Equatable {
        /// The full id.
        package var id: String
        /// The reference it was created with.
        package var image: String
        /// The image's id.
        package var imageID: String
        /// The engine's word for its state.
        package var state: String
        /// When it was created.
        package var createdAt: Date?
        /// When it was started.
        package var startedAt: Date?
        /// How often the engine started it again.
        package var restarts: Int
        /// Its first process and that one's arguments.
        package var command: [String]
        /// Its labels.
        package var labels: [String: String]
        /// What of the host it sees.
        package var mounts: [Mount]
        /// Its addresses by the network's name.
        package var networks: [String: String]

        /// Puts the facts together.
        package init(
            id: String, image: String, imageID: String, state: String, createdAt: Date?, startedAt: Date?,
            restarts: Int, command: [String], labels: [String: String], mounts: [Mount],
            networks: [String: String]
        ) {
            self.id = id
            self.image = image
            self.imageID = imageID
            self.state = state
            self.createdAt = createdAt
            self.startedAt = startedAt
            self.restarts = restarts
            self.command = command
            self.labels = labels
            self.mounts = mounts
            self.networks = networks
        }
    }

    /// One mount.
    package struct Mount: Codable, Sendable, Equatable {
        /// `bind`, `volume` or `tmpfs`.
        package var type: String
        /// Path on the host; empty for a tmpfs.
        package var source: String
        /// Path in the container.
        package var target: String
        /// Whether it can't be written.
        package var readOnly: Bool

        /// Makes a mount.
        package init(type: String, source: String, target: String, readOnly: Bool) {
            self.type = type
            self.source = source
            self.target = target
            self.readOnly = readOnly
        }
    }

    /// One measure that keeps a worker in its place.
    package struct Measure: Codable, Sendable, Equatable {
        /// What it is about.
        package var measure: String
        /// What was wanted.
        package var wanted: String
        /// What the engine or the kernel says.
        package var inForce: String
        /// `holds`, `missing`, `unknown`, or `shown` where nothing in particular was wanted.
        package var verdict: String
        /// One plain sentence, where something is not as wanted or can't be known.
        package var remark: String?

        /// Makes a measure.
        package init(measure: String, wanted: String, inForce: String, verdict: String, remark: String?) {
            self.measure = measure
            self.wanted = wanted
            self.inForce = inForce
            self.verdict = verdict
            self.remark = remark
        }
    }

    /// The worker.
    package var worker: WorkerSummary
    /// Its first process on this host, if it can be seen.
    package var pid: Int32?
    /// The container; `nil` for a process.
    package var container: Container?
    /// What keeps it in its place.
    package var security: [Measure]

    /// Makes an inspection.
    package init(worker: WorkerSummary, pid: Int32?, container: Container?, security: [Measure]) {
        self.worker = worker
        self.pid = pid
        self.container = container
        self.security = security
    }

    /// The measures that are wanted and not in force.
    package var missing: [Measure] { security.filter { $0.verdict == "missing" } }
}
