//! Documentation of the sorted-set group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "bzmpop",
        "7.0.0",
        "O(K+M*log(N)), K being the keys, N the members and M the members popped",
        "Pops members from the first sorted set that has some, waiting if none has.",
        "timeout:double numkeys:integer key ... where:(MIN|MAX) [COUNT count:integer]",
    ),
    doc(
        "bzpopmax",
        "5.0.0",
        "O(log(N)), N being the members",
        "Pops the member with the highest score of the first sorted set that has one, waiting if none has.",
        "key ... timeout:double",
    )
    .changed(&[("6.0.0", "The timeout may have a fraction.")]),
    doc(
        "bzpopmin",
        "5.0.0",
        "O(log(N)), N being the members",
        "Pops the member with the lowest score of the first sorted set that has one, waiting if none has.",
        "key ... timeout:double",
    )
    .changed(&[("6.0.0", "The timeout may have a fraction.")]),
    doc(
        "zadd",
        "1.2.0",
        "O(log(N)) for each member added, N being the members",
        "Adds members to a sorted set or changes their scores, creating it if need be.",
        "key [condition:(NX|XX)]@3.0.2 [comparison:(GT|LT)]@6.2.0 [change=CH]@3.0.2 [increment=INCR]@3.0.2 \
         data:(score:double member) ...",
    )
    .changed(&[
        ("2.4.0", "Several members at once."),
        ("3.0.2", "Options `XX`, `NX`, `CH` and `INCR`."),
        ("6.2.0", "Options `GT` and `LT`."),
    ]),
    doc("zcard", "1.2.0", "O(1)", "Tells the number of members.", "key"),
    doc(
        "zcount",
        "2.0.0",
        "O(log(N)), N being the members",
        "Counts the members whose scores are in a range.",
        "key min:double max:double",
    ),
    doc(
        "zdiff",
        "6.2.0",
        "O(L+(N-K)*log(N)) at worst, L being all members, N those of the first set and K those of the result",
        "Tells the members of the first sorted set that no other has.",
        "numkeys:integer key ... [WITHSCORES]",
    ),
    doc(
        "zdiffstore",
        "6.2.0",
        "O(L+(N-K)*log(N)) at worst, L being all members, N those of the first set and K those of the result",
        "Stores the members of the first sorted set that no other has.",
        "destination:key numkeys:integer key:key#1 ...",
    ),
    doc(
        "zincrby",
        "1.2.0",
        "O(log(N)), N being the members",
        "Adds to the score of a member; a missing one counts as 0.",
        "key increment:integer member",
    ),
    doc(
        "zinter",
        "6.2.0",
        "O(N*K+M*log(M)) at worst, N being the members of the smallest set, K the sets and M the members of the \
         result",
        "Tells the members that all sorted sets have.",
        "numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE aggregate:(SUM|MIN|MAX)] [WITHSCORES]",
    ),
    doc(
        "zintercard",
        "7.0.0",
        "O(N*K) at worst, N being the members of the smallest set and K the sets",
        "Counts the members that all sorted sets have.",
        "numkeys:integer key ... [LIMIT limit:integer]",
    ),
    doc(
        "zinterstore",
        "2.0.0",
        "O(N*K+M*log(M)) at worst, N being the members of the smallest set, K the sets and M the members of the \
         result",
        "Stores the members that all sorted sets have.",
        "destination:key numkeys:integer key:key#1 ... [WEIGHTS weight:integer ...] \
         [AGGREGATE aggregate:(SUM|MIN|MAX)]",
    ),
    doc(
        "zlexcount",
        "2.8.9",
        "O(log(N)), N being the members",
        "Counts the members between two texts, all scores being equal.",
        "key min:string max:string",
    ),
    doc(
        "zmpop",
        "7.0.0",
        "O(K+M*log(N)), K being the keys, N the members and M the members popped",
        "Pops members from the first sorted set that has some.",
        "numkeys:integer key ... where:(MIN|MAX) [COUNT count:integer]",
    ),
    doc(
        "zmscore",
        "6.2.0",
        "O(N), N being the members asked for",
        "Tells the scores of several members.",
        "key member ...",
    ),
    doc(
        "zpopmax",
        "5.0.0",
        "O(M*log(N)), N being the members and M the members popped",
        "Pops the members with the highest scores.",
        "key [count:integer]",
    ),
    doc(
        "zpopmin",
        "5.0.0",
        "O(M*log(N)), N being the members and M the members popped",
        "Pops the members with the lowest scores.",
        "key [count:integer]",
    ),
    doc(
        "zrandmember",
        "6.2.0",
        "O(N), N being the members returned",
        "Draws members by chance.",
        "key [options:(count:integer [WITHSCORES])]",
    ),
    doc(
        "zrange",
        "1.2.0",
        "O(log(N)+M), N being the members and M those returned",
        "Tells the members in a range of ranks, scores or texts.",
        "key start:string stop:string [sortby:(BYSCORE|BYLEX)]@6.2.0 [REV]@6.2.0 \
         [LIMIT limit:(offset:integer count:integer)]@6.2.0 [WITHSCORES]",
    )
    .changed(&[("6.2.0", "Options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.")]),
    doc(
        "zrangebylex",
        "2.8.9",
        "O(log(N)+M), N being the members and M those returned",
        "Tells the members between two texts, all scores being equal.",
        "key min:string max:string [LIMIT limit:(offset:integer count:integer)]",
    )
    .deprecated("6.2.0", "`ZRANGE` with the `BYLEX` argument"),
    doc(
        "zrangebyscore",
        "1.0.5",
        "O(log(N)+M), N being the members and M those returned",
        "Tells the members whose scores are in a range.",
        "key min:double max:double [WITHSCORES]@2.0.0 [LIMIT limit:(offset:integer count:integer)]",
    )
    .changed(&[("2.0.0", "Option `WITHSCORES`.")])
    .deprecated("6.2.0", "`ZRANGE` with the `BYSCORE` argument"),
    doc(
        "zrangestore",
        "6.2.0",
        "O(log(N)+M), N being the members and M those stored",
        "Stores the members in a range of ranks, scores or texts.",
        "dst:key src:key#1 min:string max:string [sortby:(BYSCORE|BYLEX)] [REV] \
         [LIMIT limit:(offset:integer count:integer)]",
    ),
    doc(
        "zrank",
        "2.0.0",
        "O(log(N)), N being the members",
        "Tells the rank of a member, from the lowest score.",
        "key member [WITHSCORE]",
    )
    .changed(&[("7.2.0", "Option `WITHSCORE`.")]),
    doc(
        "zrem",
        "1.2.0",
        "O(M*log(N)), N being the members and M those removed",
        "Removes members.",
        "key member ...",
    )
    .changed(&[("2.4.0", "Several members at once.")]),
    doc(
        "zremrangebylex",
        "2.8.9",
        "O(log(N)+M), N being the members and M those removed",
        "Removes the members between two texts, all scores being equal.",
        "key min:string max:string",
    ),
    doc(
        "zremrangebyrank",
        "2.0.0",
        "O(log(N)+M), N being the members and M those removed",
        "Removes the members in a range of ranks.",
        "key start:integer stop:integer",
    ),
    doc(
        "zremrangebyscore",
        "1.2.0",
        "O(log(N)+M), N being the members and M those removed",
        "Removes the members whose scores are in a range.",
        "key min:double max:double",
    ),
    doc(
        "zrevrange",
        "1.2.0",
        "O(log(N)+M), N being the members and M those returned",
        "Tells the members in a range of ranks, from the highest score.",
        "key start:integer stop:integer [WITHSCORES]",
    )
    .deprecated("6.2.0", "`ZRANGE` with the `REV` argument"),
    doc(
        "zrevrangebylex",
        "2.8.9",
        "O(log(N)+M), N being the members and M those returned",
        "Tells the members between two texts backwards, all scores being equal.",
        "key max:string min:string [LIMIT limit:(offset:integer count:integer)]",
    )
    .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments"),
    doc(
        "zrevrangebyscore",
        "2.2.0",
        "O(log(N)+M), N being the members and M those returned",
        "Tells the members whose scores are in a range, from the highest score.",
        "key max:double min:double [WITHSCORES] [LIMIT limit:(offset:integer count:integer)]",
    )
    .changed(&[("2.1.6", "Bounds may be exclusive.")])
    .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments"),
    doc(
        "zrevrank",
        "2.0.0",
        "O(log(N)), N being the members",
        "Tells the rank of a member, from the highest score.",
        "key member [WITHSCORE]",
    )
    .changed(&[("7.2.0", "Option `WITHSCORE`.")]),
    doc(
        "zscan",
        "2.8.0",
        "O(1) for a step, O(N) for all, N being the members",
        "Walks the members and their scores in steps.",
        "key cursor:integer [MATCH pattern] [COUNT count:integer]",
    ),
    doc("zscore", "1.2.0", "O(1)", "Tells the score of a member.", "key member"),
    doc(
        "zunion",
        "6.2.0",
        "O(N+M*log(M)), N being all members of the inputs and M those of the result",
        "Tells the members that any sorted set has.",
        "numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE aggregate:(SUM|MIN|MAX)] [WITHSCORES]",
    ),
    doc(
        "zunionstore",
        "2.0.0",
        "O(N+M*log(M)), N being all members of the inputs and M those of the result",
        "Stores the members that any sorted set has.",
        "destination:key numkeys:integer key:key#1 ... [WEIGHTS weight:integer ...] \
         [AGGREGATE aggregate:(SUM|MIN|MAX)]",
    ),
];
