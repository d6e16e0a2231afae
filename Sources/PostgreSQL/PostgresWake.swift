/// Something that was notified, once or many times.
package struct PostgresNotice: Sendable, Hashable {
    /// Where.
    package let channel: String
    /// What was said; empty when nothing was.
    package let payload: String

    /// Makes a notice.
    package init(channel: String, payload: String = "") {
        self.channel = channel
        self.payload = payload
    }
}

/// What a listener has seen since it was asked last.
package struct PostgresWake: Sendable, Equatable {
    /// What was notified, each notice once however often it came.
    package var notices: Set<PostgresNotice> = []
    /// Whether something may have been notified that is not in `notices`: there was no connection for a while (this is
    /// also the first word of each new one), or there were more different notices than are kept. Look at everything now.
    package var mayHaveMissed = false
    /// Why there is no connection; `nil` when there is one. Until there is, nothing is notified: poll.
    package var trouble: PostgresError?

    /// Makes one that says nothing.
    package init() {}
}

/// Puts together what comes until somebody asks. Pure, and of limited size whatever comes.
struct WakeBox: Sendable, Equatable {
    /// Different notices that are kept.
    static let capacity = 256

    private var wake = PostgresWake()
    private var hasNews = false

    mutating func connected() {
        wake.trouble = nil
        wake.mayHaveMissed = true
        hasNews = true
    }

    /// Said once for each loss: further failures to connect are no news.
    mutating func lost(_ error: PostgresError) {
        if wake.trouble == nil { hasNews = true }
        wake.trouble = error
    }

    mutating func notified(_ notice: PostgresNotice) {
        hasNews = true
        guard wake.notices.count < Self.capacity || wake.notices.contains(notice) else {
            wake.mayHaveMissed = true
            return
        }
        wake.notices.insert(notice)
    }

    /// What there is to say; `nil` when that is nothing. Whoever takes it looks afterwards, so that what comes while he
    /// looks is news again.
    mutating func take() -> PostgresWake? {
        guard hasNews else { return nil }
        let taken = wake
        wake.notices = []
        wake.mayHaveMissed = false
        hasNews = false
        return taken
    }
}
