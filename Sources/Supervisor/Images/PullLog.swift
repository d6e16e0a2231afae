internal import ContainerEngine
internal import Logging
internal import Synchronization
internal import WorkerPool

/// Tells operators about pulls: the progress of each at most every few seconds, or through a terminal's own line.
final class PullLog: Sendable {
    private let logger: Logger
    private let display: PullListener?
    /// When something was last said of the pulls under way.
    private let lastWords = Mutex<[String: ContinuousClock.Instant]>([:])
    private let warned = Mutex<Set<String>>([])

    /// Time between two lines about one pull.
    private static let pause = Duration.seconds(5)

    init(logger: Logger, display: PullListener?) {
        self.logger = logger
        self.display = display
    }

    /// How many pulls it knows of.
    var underWay: Int { lastWords.withLock { $0.count } }

    func take(_ reference: String, _ event: PullEvent) {
        switch event {
        case .began(let attempt):
            lastWords.withLock { $0[reference] = .now }
            logger.info("pulling image", metadata: ["image": "\(reference)", "attempt": "\(attempt)"])
        case .progress(let summary):
            if let display { return display(reference, event) }
            let isDue = lastWords.withLock { words in
                guard let last = words[reference], ContinuousClock.now - last >= Self.pause else { return false }
                words[reference] = .now
                return true
            }
            guard isDue else { return }
            logger.info(
                "pulling image",
                metadata: [
                    "image": "\(reference)", "layers": "\(summary.finishedLayers)/\(summary.layers)",
                    "pulled.mb": "\(summary.bytes >> 20)", "known.mb": "\(summary.totalBytes >> 20)",
                ])
        case .failed(let words, let wait):
            logger.warning(
                "pull failed; trying again",
                metadata: [
                    "image": "\(reference)", "error.message": "\(words)",
                    "wait.ms": "\(Int(wait / .milliseconds(1)))",
                ])
        case .pulled(let image, let elapsed):
            display?(reference, event)
            lastWords.withLock { _ = $0.removeValue(forKey: reference) }
            logger.info(
                "image pulled",
                metadata: [
                    "image": "\(reference)", "image.id": "\(image.id)", "size.mb": "\(image.size >> 20)",
                    "pull.ms": "\(Int(elapsed / .milliseconds(1)))",
                ])
        case .ended:
            display?(reference, event)
            lastWords.withLock { _ = $0.removeValue(forKey: reference) }
        case .warning(let words):
            guard warned.withLock({ $0.count < 100 && $0.insert(words).inserted }) else { return }
            logger.warning("registry credentials", metadata: ["image": "\(reference)", "problem": "\(words)"])
        }
    }
}
