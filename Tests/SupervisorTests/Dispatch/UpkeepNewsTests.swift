import TaskStore
import Testing

@testable import Supervisor

@Suite("What people are told of the store's health")
struct UpkeepNewsTests {
    private func health(neglected: [String] = [], hindrance: String? = nil) -> StoreHealth {
        var health = StoreHealth()
        health.neglected = neglected
        health.hindrance = hindrance.map { StoreHealth.Hindrance(what: $0, age: .seconds(61)) }
        return health
    }

    @Test func eachThingIsSaidOnceAndItsEndToo() {
        var news = UpkeepNews()
        #expect(news.take(health()).isEmpty)
        let first = news.take(health(hindrance: "process 7"))
        #expect(first.count == 1 && first[0].hasPrefix("process 7 has been open for 61 s"))
        #expect(news.take(health(hindrance: "process 7")).isEmpty)
        #expect(news.take(health()).count == 1)
        #expect(news.take(health()).isEmpty)
        #expect(news.take(health(hindrance: "process 8")).count == 1)
    }

    @Test func tablesThatNobodyMayCleanAreNamedOnce() {
        var news = UpkeepNews()
        #expect(news.take(health(neglected: ["ready", "lease"])).first?.contains("ready, lease") == true)
        #expect(news.take(health(neglected: ["ready"])).isEmpty)
    }
}
