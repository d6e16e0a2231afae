/// What a run of histories does.
struct HistoryPlan {
    /// How many tasks are accepted, all supervisors together.
    var tasks = 20_000
    /// How many supervisors.
    var supervisors = 4
    /// How many attempts each has at once.
    var slots = 64
    /// How long a lease lasts.
    var lease = Duration.milliseconds(1500)
    /// How long trouble lasts, and how long the rest may take.
    var trouble = Duration.seconds(10)
    var settling = Duration.seconds(60)
}
