/// Names one attempt of one task; goes along with everything that is said about it.
package struct AttemptRef: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The task's id.
    package var taskID: String
    /// Which attempt of the task this is, from 1.
    package var attempt: Int
    /// The fencing token of the claim; unique to the attempt.
    package var token: Int64

    /// Makes a reference.
    package init(taskID: String, attempt: Int, token: Int64) {
        self.taskID = taskID
        self.attempt = attempt
        self.token = token
    }

    package var description: String { "\(taskID)#\(attempt)" }
}
