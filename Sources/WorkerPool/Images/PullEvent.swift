package import ContainerEngine

/// What happens while an image is provided; for logs, terminals and the like.
package enum PullEvent: Sendable {
    /// An attempt begins; the first is 1.
    case began(attempt: Int)
    /// It came forward. As often as the engine says something; listeners throttle.
    case progress(PullSummary)
    /// It failed, and is tried again after a while.
    case failed(String, again: Duration)
    /// The image is here.
    case pulled(ImageInspection, elapsed: Duration)
    /// It has ended without the image. Whoever waited is told why.
    case ended
    /// Something about credentials that is probably not meant.
    case warning(String)
}

/// Is told what happens to a reference. Called from any thread, in order for one reference; must not block.
package typealias PullListener = @Sendable (_ reference: String, PullEvent) -> Void
