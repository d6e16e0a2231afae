package import ContainerEngine

/// Everything there is to know about one worker: what the engine says of its container, and which measures hold it.
package struct WorkerReview: Sendable {
    /// The container; `nil` for a process.
    package var container: ContainerInspection?
    /// The process that is looked at, on this host: the container's first, or the local agent.
    package var pid: Int32?
    /// The measures, in the order they are shown.
    package var measures: [SecurityMeasure]
}
