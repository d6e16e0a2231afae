/// Identifies a task for its whole life: a UUID version 7 (RFC 9562), so ids sort by the time of submission.
package struct TaskID: RawRepresentable, Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// The lower-case textual form, 36 characters.
    package let rawValue: String

    /// Wraps stored text; the text is not checked.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Makes the next id. Ids made by one process in one millisecond still sort in the order they were made.
    package static func next() -> TaskID { TaskID(rawValue: TimeOrderedUUID.next()) }

    package static func < (lhs: TaskID, rhs: TaskID) -> Bool { lhs.rawValue < rhs.rawValue }

    package var description: String { rawValue }
}

/// Identifies a worker: twelve characters of random base 32, short enough for a container name.
package struct WorkerID: RawRepresentable, Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
    /// Twelve characters of `a-z2-7`.
    package let rawValue: String

    /// Wraps stored text; the text is not checked.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Makes a fresh random id (60 bits).
    package static func random() -> WorkerID {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        return WorkerID(rawValue: String((0..<12).map { _ in alphabet[Int.random(in: 0..<32)] }))
    }

    package static func < (lhs: WorkerID, rhs: WorkerID) -> Bool { lhs.rawValue < rhs.rawValue }

    package var description: String { rawValue }
}

/// Identifies one run of a supervisor process. A restarted supervisor has a new one, so leases of a dead
/// process can't be mistaken for those of its successor.
package struct SupervisorID: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The lower-case textual form of a UUID version 7.
    package let rawValue: String

    /// Wraps stored text; the text is not checked.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Makes a fresh id for this process.
    package static func next() -> SupervisorID { SupervisorID(rawValue: TimeOrderedUUID.next()) }

    package var description: String { rawValue }
}
