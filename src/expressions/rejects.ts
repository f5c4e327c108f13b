/** The dead-letter codes of an evaluation, for the `rejects` of the stages that use one. */
export const expressionRejects = {
  "expression-failed":
    "The expression could not be worked out for this event: a field is missing or of another type. Test for it with has(event.field), write event.?field.orValue(…), or set onError.",
  "expression-too-slow":
    "Working out the expression took too long and was ended, or it had been too slow before and was switched off. Make it simpler: fewer loops, smaller patterns.",
} as const;
