package import Foundation

/// Something that happened to a worker.
package struct WorkerEvent: Codable, Sendable, Equatable {
    /// What it was.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// It is being made, or was taken over.
        case created
        /// Its container or process was started.
        case started
        /// Its agent called.
        case ready
        /// It was given a task.
        case taskBegun = "task_begun"
        /// The task's end.
        case taskEnded = "task_ended"
        /// It came close to a limit, and was clearly below it again.
        case usageHigh = "usage_high"
        case usageNormal = "usage_normal"
        /// Its agent hung up, and was back.
        case unhealthy
        case answering
        /// The engine did not answer, and did again.
        case engineSilent = "engine_silent"
        case engineAnswering = "engine_answering"
        /// Its end began.
        case stopping
        /// It is gone by itself, or could not be started.
        case failed
    }

    /// When.
    package var at: Date
    /// What.
    package var kind: Kind
    /// In plain words; empty where the kind says it all.
    package var message: String
}

/// The last events of one worker, the oldest first. Pure.
package struct WorkerTimeline: Sendable, Equatable {
    /// As many are kept.
    package static let length = 50

    /// The events.
    package private(set) var events: [WorkerEvent] = []

    /// Makes an empty one.
    package init() {}

    /// Takes the newest.
    package mutating func add(_ event: WorkerEvent) {
        if events.count == Self.length { events.removeFirst() }
        events.append(event)
    }
}
